import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, freePort, type StartedProgram, startProgram } from '@tidewall/testkit';

const MOSQUITTO = findProgram('mosquitto');

/** Whether Debian's Mosquitto and its clients are here. */
export const HAS_MOSQUITTO = MOSQUITTO !== undefined && findProgram('mosquitto_pub') !== undefined;

export interface MosquittoOptions {
  /** More lines of its configuration; `<folder>` in them is its own. */
  readonly settings?: readonly string[];
  /** Files in its folder, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** Names with their passwords; without them everybody may connect. */
  readonly passwords?: Readonly<Record<string, string>>;
}

/** A real broker for a test, which can die and come back in the same place. Tests only. */
export interface Mosquitto {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Publishes one message with the real `mosquitto_pub`. */
  publish(topic: string, message: string | Buffer, ...args: string[]): void;
  /** Publishes each line as a message, over one connection; resolves when the broker has them. */
  publishLines(topic: string, lines: Iterable<string>, ...args: string[]): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const { settings = [], files = {}, passwords = {} } = options;
  const folder = mkdtempSync(join(tmpdir(), 'tidewall-mosquitto-'));
  const port = await freePort();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const open = Object.keys(passwords).length === 0;
  if (!open) {
    writeFileSync(
      join(folder, 'passwords'),
      Object.entries(passwords)
        .map((pair) => `${pair.join(':')}\n`)
        .join(''),
    );
    spawnSync(findProgram('mosquitto_passwd') ?? '', ['-U', join(folder, 'passwords')]);
  }
  const lines = [
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    `listener ${port} 127.0.0.1`,
    `allow_anonymous ${open && !settings.some((line) => line.startsWith('plugin ')) ? 'true' : 'false'}`,
    ...(open ? [] : [`password_file ${join(folder, 'passwords')}`]),
    ...settings.map((line) => line.replaceAll('<folder>', folder)),
  ];
  writeFileSync(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`);
  const command = () => [MOSQUITTO ?? '', '-c', join(folder, 'mosquitto.conf')];
  const start = () => startProgram({ port, folder, command });
  let running: StartedProgram | undefined = await start();
  const end = async (signal?: NodeJS.Signals) => {
    await running?.stop(signal);
    running = undefined;
  };
  const args = (topic: string, more: readonly string[]) => ['-h', '127.0.0.1', '-p', `${port}`, '-t', topic, ...more];
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    get pid() {
      return running?.pid ?? 0;
    },
    publish: (topic, message, ...more) => {
      const { status, stderr } = spawnSync(
        'mosquitto_pub',
        [...args(topic, more), message.length === 0 ? '-n' : '-s'],
        {
          input: message,
        },
      );
      if (status !== 0) throw new Error(`mosquitto_pub: ${stderr}`);
    },
    publishLines: async (topic, all, ...more) => {
      const child = spawn('mosquitto_pub', [...args(topic, more), '-l'], { stdio: ['pipe', 'inherit', 'inherit'] });
      child.stdin.end([...all].map((line) => `${line}\n`).join(''));
      await new Promise((resolve, reject) => {
        child.once('exit', resolve);
        child.once('error', reject);
      });
    },
    kill: () => end('SIGKILL'),
    start: async () => {
      running = await start();
    },
    close: async () => {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
