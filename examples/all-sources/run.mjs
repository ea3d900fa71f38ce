// Starts the servers of others that are installed, each on a free port, and Tidewall with a source for each of them. What is
// not installed is named, and its tile says that nothing listens there. Ctrl-C ends all.
import { spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '');
const tidewall = fileURLToPath(new URL('../../apps/tidewall/bin/tidewall.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tidewall-all-sources-'));
const isRoot = process.getuid?.() === 0;
/** Servers of databases refuse to be run by root. */
const NOBODY = 65534;
const PYTHON = '/usr/bin/python3';
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', ...postgresFolders()];
const children = new Set();
const missing = [];
let ending = false;

/** @param {string} line */
function say(line) {
  process.stdout.write(`${line}\n`);
}

function postgresFolders() {
  const root = '/usr/lib/postgresql';
  return existsSync(root) ? readdirSync(root).map((version) => join(root, version, 'bin')) : [];
}

function find(program) {
  const found = FOLDERS.map((each) => join(each, program)).find((path) => existsSync(path));
  if (found === undefined) missing.push(program);
  return found;
}

function start(program, args, { input = 'ignore', user, onLine, errors = 'ignore' } = {}) {
  const as = user !== undefined && isRoot ? { uid: user, gid: user } : {};
  const child = spawn(program, args, { cwd: folder, stdio: [input, onLine ? 'pipe' : 'ignore', errors], ...as });
  children.add(child);
  child.on('exit', () => children.delete(child));
  child.stdin?.on('error', () => {});
  child.stdout?.on('data', (bytes) => onLine?.(String(bytes)));
  return child;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listens(port) {
  for (const until = Date.now() + 20_000; Date.now() < until; ) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true) || socket.destroy());
      socket.once('error', () => resolve(false));
    });
    if (open) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

/** Writes a line into a program's input again and again. */
function every(ms, child, line) {
  const timer = setInterval(() => child.stdin?.write(`${line()}\n`), ms);
  child.on('exit', () => clearInterval(timer));
}

const any = (least, most) => least + Math.floor(Math.random() * (most - least + 1));

const servers = {
  async api(port) {
    start(process.execPath, [join(here, 'api.mjs'), String(port)], { errors: 'inherit' });
  },
  async postgres(port) {
    const [initdb, postgres, psql] = [find('initdb'), find('postgres'), find('psql')];
    if (!initdb || !postgres || !psql) return;
    const data = join(folder, 'postgres');
    mkdirSync(data);
    if (isRoot) {
      for (const each of [folder, data]) chownSync(each, NOBODY, NOBODY);
    }
    const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
    const made = spawnSync(initdb, ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], { cwd: folder, ...as });
    if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
    start(postgres, ['-D', data, '-p', String(port), '-k', data, '-h', '127.0.0.1', '-F'], { user: NOBODY });
    await listens(port);
    const sql = (database, text) =>
      spawnSync(psql, [
        '-h',
        '127.0.0.1',
        '-p',
        String(port),
        '-U',
        'postgres',
        '-v',
        'ON_ERROR_STOP=1',
        '-c',
        text,
        database,
      ]);
    for (let tries = 0; tries < 50 && sql('postgres', 'SELECT 1').status !== 0; tries++) await listens(port);
    sql('postgres', 'CREATE DATABASE shop');
    sql('shop', 'CREATE TABLE orders (id serial, region text, amount numeric)');
    sql('shop', 'CREATE ROLE wall LOGIN');
    sql('shop', 'GRANT SELECT ON orders TO wall');
    const shop = start(psql, ['-q', '-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', 'shop'], {
      input: 'pipe',
    });
    const regions = ['上海', '北京', '广州', '成都', '西安'];
    every(400, shop, () => `INSERT INTO orders (region, amount) VALUES ('${regions[any(0, 4)]}', ${any(10, 900)});`);
  },
  async prometheus(port) {
    const program = find('prometheus');
    if (!program) return;
    const config = join(folder, 'prometheus.yml');
    writeFileSync(
      config,
      `global: { scrape_interval: 2s }\nscrape_configs: [{ job_name: self, static_configs: [{ targets: ['localhost:${port}'] }] }]\n`,
    );
    const storage = `--storage.tsdb.path=${join(folder, 'prometheus')}`;
    start(program, [`--config.file=${config}`, storage, `--web.listen-address=localhost:${port}`, '--log.level=error']);
  },
  async redis(port) {
    const [server, client] = [find('redis-server'), find('redis-cli')];
    if (!server || !client) return;
    start(server, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--loglevel', 'warning']);
    await listens(port);
    const cli = start(client, ['-p', String(port)], { input: 'pipe', onLine() {} });
    const words = ['入库 received', '出库 shipped', '盘点 counted'];
    every(1700, cli, () => {
      const entry = JSON.stringify({ t: Date.now(), text: `${words[any(0, 2)]} ${any(1, 40)} 箱`, level: 'info' });
      return `PUBLISH news '${entry}'`;
    });
  },
  async mosquitto(port) {
    const [broker, publish] = [find('mosquitto'), find('mosquitto_pub')];
    if (!broker || !publish) return;
    const config = join(folder, 'mosquitto.conf');
    writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\nlog_type error\n`);
    start(broker, ['-c', config]);
    await listens(port);
    for (let line = 1; line <= 6; line++) {
      const to = ['-h', '127.0.0.1', '-p', String(port), '-t', `plant/line-${line}/temperature`, '-r', '-l'];
      const sensor = start(publish, to, { input: 'pipe' });
      every(900 + 100 * line, sensor, () =>
        JSON.stringify({ celsius: Number((20 + line + Math.random() * 2).toFixed(1)) }),
      );
    }
  },
  async nats(port) {
    const program = find('nats-server');
    if (!program) return;
    start(program, ['-a', '127.0.0.1', '-p', String(port)], { onLine() {} });
    await listens(port);
    // What a publisher says to NATS is short enough to be said by hand.
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.on('data', (bytes) => String(bytes).includes('PING') && socket.write('PONG\r\n'));
    socket.write('CONNECT {"verbose":false}\r\n');
    let waiting = 20;
    const timer = setInterval(() => {
      waiting = Math.max(0, waiting + any(-3, 3));
      const payload = JSON.stringify({ value: waiting, unit: '人' });
      socket.write(`PUB counter.waiting ${Buffer.byteLength(payload)}\r\n${payload}\r\n`);
    }, 800);
    socket.on('close', () => clearInterval(timer));
  },
  async flask(port) {
    const there = existsSync(PYTHON) && spawnSync(PYTHON, ['-c', 'import flask_socketio']).status === 0;
    if (!there) missing.push('python3-flask-socketio');
    else start(PYTHON, [join(here, 'dashboard.py'), String(port)], { onLine() {} });
  },
};

function end() {
  if (ending) return;
  ending = true;
  for (const child of children) child.kill('SIGTERM');
  setTimeout(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    process.exit(0);
  }, 1500);
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, end);
process.on('disconnect', end);

const ports = {};
for (const [name, begin] of Object.entries(servers)) {
  ports[name] = await freePort();
  say(`starting ${name} on port ${ports[name]}`);
  await begin(ports[name]);
}
if (missing.length > 0) say(`not installed, so that their tiles show a failure: ${missing.join(', ')}`);

const [port = '0'] = process.argv.slice(2);
const config = join(folder, 'tidewall.yaml');
const text = readFileSync(join(here, 'tidewall.yaml'), 'utf8')
  .replaceAll('{here}', here)
  .replace(/\{port:(\w+)\}/g, (_, name) => String(ports[name]));
writeFileSync(config, text);
const own = port === '0' ? await freePort() : Number(port);
const args = [tidewall, 'serve', '--config', config, '--port', String(own), '--data-dir', join(folder, 'data')];
const server = start(process.execPath, [...args, '--screens', join(here, 'screens'), '--log-level', 'warn'], {
  errors: 'inherit',
});
server.on('exit', end);
await listens(own);
// What Telegraf would send: lines of Influx, to where it is told to write.
setInterval(() => {
  const line = `weather,city=shanghai celsius=${(21 + Math.random()).toFixed(2)},wind=${(3 + Math.random() * 4).toFixed(2)}`;
  fetch(`http://localhost:${own}/api/ingest/influx/write`, { method: 'POST', body: line }).catch(() => {});
}, 1000);
say(`open http://localhost:${own}/s/all-sources`);
