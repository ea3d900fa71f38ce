import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as realTime } from 'node:timers/promises';
import type { Log } from '@tidewall/contracts';
import { DEFAULT_LIMITS, TidewallError } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mostBetweenTurns } from '../most-between-turns.ts';
import { RecordingSink } from '../recording-sink.ts';
import { parseSourceConfig } from '../source-config.ts';
import { testContext } from '../source-context.contract.ts';
import { MAX_STEPS } from '../turns.ts';
import { definition } from './definition.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

let folder: string;
let clock: FakeClock;
let sink: RecordingSink;
let abort: AbortController;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewall-process-'));
  clock = new FakeClock();
  sink = new RecordingSink();
  abort = new AbortController();
});

afterEach(() => {
  abort.abort();
  rmSync(folder, { recursive: true, force: true });
});

function run(config: object): Promise<void> {
  const context = testContext({ name: 'program', baseDir: folder, clock, log: silent, limits: DEFAULT_LIMITS });
  return definition.create(parseSourceConfig('program', definition, config), context).run(sink, abort.signal);
}

const node = (code: string, ...args: string[]) => ({ command: [process.execPath, '-e', code, ...args] });
const data = () => sink.publications.map((publication) => publication.data);

async function eventually(cameAbout: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await cameAbout()) && performance.now() < deadline) await clock.advance(0);
  expect(await cameAbout()).toBe(true);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('what a program prints', () => {
  it('is published line by line, and when it has said all the run is over', async () => {
    await run({ command: ['printf', 'a\\r\\nb\\n\\xe4\\xb8\\x8a'] });
    expect(data()).toEqual(['a', 'b', '上'].map((text) => ({ t: clock.now(), text })));
  });

  it('reaches a table, a series, a state and a signal in their own way', async () => {
    await run({ ...node('console.log("id,n\\na,1")'), parse: 'csv', topicKind: 'table', keyField: 'id' });
    await run({ ...node('console.log(`{"t":1,"n":2}`)'), parse: 'json', topicKind: 'series' });
    await run({ ...node('console.log("up")'), topicKind: 'state', topic: 'other/name' });
    await run({ ...node('console.log("now")'), topicKind: 'signal' });
    expect(sink.publications.map(({ topic, op, data: each }) => [topic, op, each])).toEqual([
      ['program', 'upsert', { id: 'a', n: 1 }],
      ['program', 'append', { t: 1, n: 2 }],
      ['other/name', 'replace', 'up'],
      ['program', 'emit', 'now'],
    ]);
  });

  it('is refused line by line where it does not parse or is too long, and the rest goes on', async () => {
    await run({ ...node('console.log("{}\\noops\\n" + "x".repeat(70000) + "\\n1")'), parse: 'json' });
    expect(data()).toEqual([{}, 1]);
    expect(sink.refusals).toEqual([expect.stringContaining('oops'), 'a line has more than 65536 bytes']);
  });

  it('is refused where the topic does not take it, and the rest goes on', async () => {
    const publish = sink.publish.bind(sink);
    sink.publish = async (...args) => {
      if (args[2] === 1) throw new TidewallError('shape_mismatch', 'data must be a string, got 1');
      await publish(...args);
    };
    await run({ ...node('console.log("1\\n2")'), parse: 'json' });
    expect(data()).toEqual([2]);
    expect(sink.refusals).toEqual(['data must be a string, got 1']);
  });

  it('is not read faster than it is published: the program waits', async () => {
    const code = `
      let lines = 0;
      const line = 'x'.repeat(1000) + '\\n';
      function more() {
        while (lines < 100000) {
          lines += 1;
          if (!process.stdout.write(line)) { require('fs').writeFileSync('lines', String(lines)); return; }
        }
      }
      process.stdout.on('drain', more);
      more();`;
    sink.hold();
    const running = run(node(code));
    await eventually(() => sink.publications.length === 1);
    const written = async () => Number(await readFile(join(folder, 'lines'), 'utf8').catch(() => '0'));
    await eventually(async () => (await written()) > 0);
    for (let i = 0; i < 200; i++) await clock.advance(0);
    expect(sink.publications).toHaveLength(1);
    expect(await written()).toBeLessThan(5_000);
    abort.abort();
    sink.release();
    await running;
  });
});

it.each([
  ['published', { parse: 'text' }, () => sink.publications.length],
  ['refused', { parse: 'json' }, () => sink.refusals.length],
])('a flood of lines that are %s leaves everybody else their turn', async (_, config, count) => {
  const flood = run({ ...node('process.stdout.write("y\\n".repeat(20000))'), ...config });
  expect(await mostBetweenTurns(flood, count)).toBeLessThanOrEqual(2 * MAX_STEPS);
  expect(count()).toBe(20_000);
});

describe('a program that fails', () => {
  it('is named with its code and the last that it said', async () => {
    const code = 'console.error("x".repeat(5000) + " no such\\n host"); process.exitCode = 3';
    const failure = await run(node(code)).catch((error: Error) => error.message);
    expect(failure).toMatch(/^\S*node\S* ended with code 3: x+ no such host$/);
    expect(String(failure).length).toBeLessThan(1_200);
  });

  it('is named with the signal that ended it', async () => {
    await expect(run(node('process.kill(process.pid, "SIGKILL")'))).rejects.toThrow(/node\S* was ended by SIGKILL$/);
  });

  it('is named when it is not there, may not be run, or has nowhere to run', async () => {
    await expect(run({ command: ['no-such-program'] })).rejects.toThrow('the program no-such-program was not found');
    const plain = join(folder, 'plain');
    writeFileSync(plain, 'text', { mode: 0o600 });
    await expect(run({ command: [plain] })).rejects.toThrow(`the program ${plain} may not be executed`);
    await expect(run({ command: ['true'], cwd: 'nowhere' })).rejects.toThrow(
      /there is no folder \S*nowhere to run true/,
    );
  });
});

describe('the end', () => {
  it('of a program that minds it comes with the abort, and takes what it started along', async () => {
    const code = `
      const { spawn } = require('child_process');
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      console.log(process.pid + '\\n' + child.pid);
      setInterval(() => {}, 1000);`;
    const running = run({ ...node(code), parse: 'json' });
    await eventually(() => sink.publications.length === 2);
    abort.abort();
    await running;
    for (const pid of data() as number[]) await eventually(() => !isAlive(pid));
  });

  it('of a program that does not mind comes two seconds later', async () => {
    const code = 'process.on("SIGTERM", () => {}); console.log(process.pid); setInterval(() => {}, 1000)';
    let over = false;
    const running = run({ ...node(code), parse: 'json' }).then(() => {
      over = true;
    });
    await eventually(() => sink.publications.length === 1);
    abort.abort();
    await clock.advance(1_999);
    for (let i = 0; i < 100; i++) await clock.advance(0);
    expect(over).toBe(false);
    await clock.advance(1);
    await running;
    expect(isAlive((data() as number[])[0] ?? 0)).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('of a program leaves nothing behind that it started and left running', async () => {
    const code = `
      const { spawn } = require('child_process');
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      child.unref();
      console.log(child.pid);`;
    await run({ ...node(code), parse: 'json' });
    const [pid = 0] = data() as number[];
    await eventually(() => !isAlive(pid));
  });
});

describe.runIf(process.platform === 'linux')('a daemon that keeps the output open', () => {
  let daemon = 0;
  afterEach(() => {
    // Its group, since a shell may have started another program; 0 would be our own.
    if (daemon > 0 && isAlive(-daemon)) process.kill(-daemon, 'SIGKILL');
    daemon = 0;
  });

  /** Starts `script` in a session of its own, and ends with code 3, or with the signal that it gets when it stays. */
  function daemonize(script: string, stays = false): Promise<void> {
    const code = `
      const { spawn } = require('child_process');
      const child = spawn('sh', ['-c', ${JSON.stringify(script)}], { detached: true, stdio: 'inherit' });
      child.unref();
      console.log(child.pid);
      ${stays ? 'setInterval(() => {}, 1000)' : 'process.exitCode = 3'}`;
    return run(node(code));
  }

  const started = () =>
    eventually(() => {
      daemon = Number((data()[0] as { text: string } | undefined)?.text ?? 0);
      return daemon > 0;
    });

  /** Lets the clock go on in steps, each with time for what the machine has to say. */
  async function settledWithin(running: Promise<void>, ms: number): Promise<unknown> {
    let outcome: unknown;
    running.then(
      () => (outcome = 'resolved'),
      (failure: Error) => (outcome = failure.message),
    );
    for (let passed = 0; passed < ms && outcome === undefined; passed += 100) {
      await clock.advance(100);
      await realTime(10);
    }
    return outcome;
  }

  it('does not hide how the program ended', async () => {
    const running = daemonize('sleep 47');
    await started();
    expect(await settledWithin(running, 5_000)).toMatch(/ended with code 3$/);
    expect(isAlive(daemon)).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('does not hide it by printing on and on', async () => {
    const running = daemonize('while sleep 0.01; do echo tick; done');
    await started();
    expect(await settledWithin(running, 20_000)).toMatch(/ended with code 3$/);
    expect(sink.publications.length).toBeGreaterThan(2);
  });

  it('does not hold up the end after an abort', async () => {
    const running = daemonize('sleep 47', true);
    await started();
    abort.abort();
    expect(await settledWithin(running, 5_000)).toBe('resolved');
    expect(clock.pending).toBe(0);
  });

  it('takes none of the lines that the program printed, however long they are published', async () => {
    const running = run({ command: ['sh', '-c', 'setsid sleep 47 & echo $!; seq 1 20000'] });
    running.catch(() => {});
    await started();
    sink.hold();
    await eventually(() => sink.publications.length > 1);
    for (let i = 0; i < 100; i++) await clock.advance(100);
    sink.release();
    expect(await settledWithin(running, 5_000)).toBe('resolved');
    expect(sink.publications).toHaveLength(20_001);
  });
});

describe('a program that is started again and again', () => {
  const settings = { ...node('console.log("up")'), everyMs: 1_000, topicKind: 'state' };

  it('is so as often after its start as the configuration says, and never beside itself', async () => {
    const running = run(settings);
    await eventually(() => sink.healthyCalls === 1);
    await clock.advance(999);
    for (let i = 0; i < 50; i++) await clock.advance(0);
    expect(data()).toEqual(['up']);
    await clock.advance(1);
    await eventually(() => data().length === 2);
    abort.abort();
    await running;
    expect(clock.pending).toBe(0);
  });

  it('fails like one that is started once', async () => {
    await expect(run({ ...node('process.exitCode = 3'), everyMs: 1_000 })).rejects.toThrow('ended with code 3');
  });
});

it('what a program is told in secret is in no sentence, though the program repeats it', async () => {
  const code =
    'console.log("{" + process.env.KEY); console.error("x".repeat(1020) + process.env.KEY + " is wrong"); process.exitCode = 1';
  const failure = await run({ ...node(code), parse: 'json', env: { KEY: 'hush-hush' } }).catch(
    (error: Error) => error.message,
  );
  expect(failure).toMatch(/\*\*\* is wrong$/);
  expect(`${failure} ${sink.refusals}`).not.toMatch(/hush|sh is wrong/);
  expect(sink.refusals).toHaveLength(1);
});

it('a program has no shell, and no more of our environment than it needs', async () => {
  process.env['TIDEWALL_TEST_SECRET'] = 'hush';
  const code = 'console.log(process.argv[1], process.env.TIDEWALL_TEST_SECRET, process.env.OWN, !!process.env.PATH)';
  await run({ ...node(code, '$(id); *'), env: { OWN: 'mine' }, topicKind: 'state' });
  delete process.env['TIDEWALL_TEST_SECRET'];
  expect(data()).toEqual(['$(id); * undefined mine true']);
});

describe('a configuration', () => {
  it.each([
    [{ command: ['x'], topicKind: 'table' }, 'sources.program.parse: must be json or csv when topicKind is table'],
    [
      { command: ['x'], topicKind: 'table', parse: 'csv' },
      'sources.program.keyField: must be given when topicKind is table',
    ],
    [{ command: [''] }, 'sources.program.command.0: must name a program'],
    [{ command: ['x'], topic: 'a b' }, 'sources.program.topic: topic name "a b"'],
  ])('%j is refused by field', (config, sentence) => {
    expect(() => parseSourceConfig('program', definition, config)).toThrow(sentence);
  });
});

it.runIf(process.platform === 'linux')('vmstat is followed while it runs', async ({ skip }) => {
  const running = run({ command: ['vmstat', '1'] });
  const failed = await Promise.race([
    running.then(
      () => 'ended',
      (error: Error) => error.message,
    ),
    eventually(() => sink.publications.length >= 3).then(() => undefined),
  ]);
  if (failed?.includes('was not found')) return skip('vmstat is not installed');
  expect(failed).toBeUndefined();
  expect(data()[0]).toMatchObject({ text: expect.stringContaining('procs') });
  abort.abort();
  await running;
});
