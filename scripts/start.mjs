// npm start [-- options of the server]: installs and builds what is missing, then runs the server in this process, so
// that signals and the exit code are the server's own.
import { fileURLToPath, pathToFileURL } from 'node:url';
import { endWithParent } from './steps/end-with-parent.mjs';
import { buildWhenStale, checkNode, installWhenMissing } from './steps/prepare.mjs';
import { createSay } from './steps/say.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = createSay();
endWithParent();

if (checkNode(say) && (await installWhenMissing(root, say)) && (await buildWhenStale(root, say))) {
  const bin = `${root}apps/tidewall/bin/tidewall.mjs`;
  process.argv = [process.execPath, bin, 'serve', ...process.argv.slice(2)];
  await import(pathToFileURL(bin).href);
} else {
  process.exitCode = 1;
}
