// npm run dev [-- options of the server]: the viewer from its sources by Vite, with reload, and behind it the server
// from its sources by tsx, started again when they change. One address for both; Ctrl-C ends both.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from './steps/build.mjs';
import { endWithParent } from './steps/end-with-parent.mjs';
import { checkNode, installWhenMissing } from './steps/prepare.mjs';
import { PRODUCTS } from './steps/products.mjs';
import { createSay } from './steps/say.mjs';

const DEFAULT_PORT = 7070;
const BEHIND = ['/api', '/metrics', '/healthz', '/readyz'];
const MANIFEST = PRODUCTS.filter(({ name }) => name === 'components');

const root = fileURLToPath(new URL('..', import.meta.url));
const say = createSay();
endWithParent();

const ready = checkNode(say) && (await installWhenMissing(root, say)) && (await build(root, MANIFEST, say));
if (ready) await main(process.argv.slice(2)).catch(fail);
else process.exitCode = 1;

/** @param {unknown} failure the port is taken, or is none */
function fail(failure) {
  say.problem(failure instanceof Error ? failure.message : String(failure));
  process.exitCode = 1;
}

/** @param {readonly string[]} args */
async function main(args) {
  const { port, others } = takePort(args);
  const behind = port + 1;
  const viewer = await startViewer(port, behind);
  const server = spawn(process.execPath, serverCommand(behind, others), {
    cwd: root,
    // Not a terminal for it, or it would print an address of its own.
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C goes to all processes of a terminal at once; a server that gets it and our signal too stops in a hurry.
    detached: process.platform !== 'win32',
  });
  server.stdout.pipe(process.stdout);
  server.stderr.pipe(process.stderr);

  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    server.kill('SIGTERM');
    await viewer.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, end);
  server.once('close', (code) => {
    if (!ending) process.exitCode = code ?? 1;
    void end();
  });
  // A component that changes what it takes changes what the server checks.
  viewer.watcher.on('change', (file) => {
    if (file.endsWith('/definition.ts')) void build(root, MANIFEST, say);
  });
  say.title(`http://localhost:${port}  follows your changes; Ctrl-C ends it`);
}

/**
 * @param {number} port
 * @param {number} behind
 */
async function startViewer(port, behind) {
  const { createServer } = await import('vite');
  const target = `http://127.0.0.1:${behind}`;
  const viewer = await createServer({
    configFile: `${root}apps/viewer/vite.config.ts`,
    logLevel: 'warn',
    clearScreen: false,
    server: {
      port,
      strictPort: true,
      proxy: { ...Object.fromEntries(BEHIND.map((path) => [path, { target }])), '/ws': { target, ws: true } },
    },
  });
  try {
    await viewer.listen();
  } catch (failure) {
    await viewer.close();
    throw failure;
  }
  return viewer;
}

/**
 * @param {number} port
 * @param {readonly string[]} others
 */
function serverCommand(port, others) {
  const tsx = 'node_modules/tsx/dist/cli.mjs';
  const watch = ['watch', '--clear-screen=false', '--include', MANIFEST[0]?.file ?? ''];
  const serve = ['serve', '--host', '127.0.0.1', '--port', String(port), '--log-level', 'warn'];
  return [tsx, ...watch, 'apps/tidewall/main.ts', ...serve, ...others];
}

/**
 * The port is the one that is opened in the browser, so that the server behind gets another.
 *
 * @param {readonly string[]} args
 */
function takePort(args) {
  const at = args.indexOf('--port');
  const given = at < 0 ? process.env['TIDEWALL_PORT'] : args[at + 1];
  const others = at < 0 ? args : [...args.slice(0, at), ...args.slice(at + 2)];
  const port = Number(given ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 1 || port > 65_534)
    throw new RangeError(`the port must be 1 to 65534, got ${given}`);
  return { port, others };
}
