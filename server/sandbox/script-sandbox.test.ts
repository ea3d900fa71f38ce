import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type JsonValue, systemClock } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import { CountingMeter, silentLog } from '@tidewall/testkit';
import type { Sandbox } from '@tidewall/transform';
import { compileTransforms } from '@tidewall/transform/compile';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SANDBOX_LIMITS } from './limits.ts';
import { ScriptSandbox } from './script-sandbox.ts';

/** A loop of the engine's own, which looks at no clock. */
const UNSTOPPABLE = 'return new Array(2 ** 32 - 1).join("")';

/** From its turn to its answer, however hostile: what the specification of reliability asks for. */
const WORST_MS = 1700;

/** How late this process is with its own timers: a busy machine is no fault of the sandbox. */
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();

/** Time since then, without what the machine was late. */
function elapsedMs(begun: number): number {
  return performance.now() - begun - delay.max / 1e6;
}

const meter = new CountingMeter();
const host = new ScriptSandbox({ clock: systemClock, log: silentLog, meter });
const sandbox = host.of('tests');

const script = (code: string, data: JsonValue = null) => sandbox.script(code, data);
const jsonata = (expression: string, data: JsonValue = null) => sandbox.jsonata(expression, data);

async function failure(call: Promise<JsonValue>): Promise<string> {
  try {
    return `made ${JSON.stringify(await call).slice(0, 100)}`;
  } catch (error) {
    if (error instanceof TidewallError) return `${error.kind} ${error.message}`;
    throw error;
  }
}

/** Somebody else is served; on a machine that is busy with other things even that may take longer than it may. */
async function serve(tries = 10): Promise<void> {
  const answer = await failure(host.of('somebody else').script('return data + 1', 1));
  if (answer !== 'made 2' && answer.includes('takes longer') && tries > 1) return serve(tries - 1);
  expect(answer).toBe('made 2');
}

beforeAll(() => serve());
afterAll(() => host.close());

describe('answers', () => {
  test('[X1] a script is the body of a function of data', async () => {
    expect(await script('return data.map((row) => ({ ...row, v: row.v * 2 }))', [{ v: 1 }, { v: 2.5 }])).toEqual([
      { v: 2 },
      { v: 5 },
    ]);
    expect(await script('await null; return [1 / 0, undefined, new Date(0), "\\u{1F600}\\0"]')).toEqual([
      null,
      null,
      '1970-01-01T00:00:00.000Z',
      '\u{1F600}\0',
    ]);
    expect(await script('return data // the end', { 'a"b': '`' })).toEqual({ 'a"b': '`' });
  });

  test('[X1] a JSONata expression is one over the data', async () => {
    const rows = [
      { site: 'sh', kw: 1 },
      { site: 'bj', kw: 2 },
      { site: 'sh', kw: 4 },
    ];
    expect(await jsonata('$[site = "sh"].{ "value": $round(kw * 1.15, 1) }', rows)).toEqual([
      { value: 1.2 },
      { value: 4.6 },
    ]);
    expect(await jsonata('$sum(kw)', rows)).toBe(7);
    expect(await jsonata('nothing.here', rows)).toBeNull();
  });

  test.each([
    ['const x = 1', 'source_error the script returns nothing that JSON can say: does it end with return?'],
    ['return () => 1', 'source_error the script returns nothing that JSON can say: does it end with return?'],
    ['return 1n', 'source_error the script fails: TypeError: '],
    ['const a = {}; a.a = a; return a', 'source_error the script fails: TypeError: '],
    ['return x.y', 'source_error the script fails: ReferenceError: x is not defined'],
    ['throw "plain"', 'source_error the script fails: plain'],
    ['throw null', 'source_error the script fails: null'],
    ['return (', 'source_error the script fails: SyntaxError: '],
    ['throw new Error("x".repeat(1e6))', `source_error the script fails: Error: ${'x'.repeat(200)}`],
    [
      'let a = []; for (let i = 0; i < 100; i++) a = [a]; return a',
      'source_error the script returns what cannot be taken: JSON nests deeper than 64 levels',
    ],
    ['return "x".repeat(300_000)', 'limit_exceeded the script returns 300002 letters of JSON, at most 262144'],
  ])('[X1] %s', async (code, why) => {
    expect(await failure(script(code))).toContain(why);
  });

  test('[X1] what is wrong with an expression of JSONata is said with its place', async () => {
    expect(await failure(jsonata('1 +'))).toMatch(
      /^source_error the JSONata expression fails: S0207: .+ \(at letter 3\)$/,
    );
    expect(await failure(jsonata('$foo(1)'))).toMatch(/^source_error the JSONata expression fails: T1006: /);
  });

  test('[X1] data that is too long does not go in', async () => {
    expect(await failure(script('return 1', 'x'.repeat(SANDBOX_LIMITS.inputLength)))).toContain(
      'limit_exceeded the script is given 8388610 letters of JSON, at most 8388608',
    );
  });
});

describe('hostile code', () => {
  const TIME = 'takes longer than 200 ms';
  const MEMORY = 'takes more than 32 MiB of memory';
  const DEPTH = 'calls itself, or nests, too deeply';
  const KILLED = 'did not stop and was ended after 1500 ms';
  const PENDING = 'waits for a promise that nothing settles';

  test.each([
    ['for (;;);', TIME],
    ['for (;;) try { for (;;); } catch {}', TIME],
    ['for (;;) try { throw 1 } finally { continue }', TIME],
    ['const f = () => Promise.resolve().then(f); return f()', TIME],
    ['return { toJSON() { for (;;); } }', TIME],
    ['throw { get name() { for (;;); } }', TIME],
    ['return { then() { for (;;); } }', TIME],
    ['return /^(a+)+$/.test("a".repeat(40) + "b")', TIME],
    ['return /(.*)*x/.test("a".repeat(5000))', `${TIME}|${DEPTH}|${MEMORY}`],
    ['return Array.from({ length: 1e9 }, () => 1)', `${TIME}|${MEMORY}`],
    ['return [].lastIndexOf.call({ length: 2 ** 53 - 1 }, 1)', TIME],
    [UNSTOPPABLE, `${KILLED}|${TIME}`],
    ['return 3n ** (3n ** 14n) > 1n', 'takes longer|did not stop|BigInt|made'],
    ['const a = []; for (;;) a.push(new Array(1000).fill(1))', `${MEMORY}|${TIME}`],
    [
      'try { const a = []; for (;;) a.push("x".repeat(1e6) + a.length) } catch { return "caught" }',
      `${MEMORY}|${TIME}`,
    ],
    ['return new Uint8Array(1e9).length', `${MEMORY}|RangeError`],
    ['let s = "x"; for (;;) s += s', `${MEMORY}|${TIME}|thrown|fails`],
    ['return "x".repeat(2 ** 29)', MEMORY],
    ['return "a".padEnd(2 ** 28).split("")', `${MEMORY}|${TIME}`],
    ['const f = () => f() + 1; return f()', DEPTH],
    ['const f = () => { try { f() } catch { f() } }; f(); return 1', `${TIME}|${DEPTH}|made`],
    ['let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a', `${DEPTH}|${TIME}|${KILLED}`],
    ['return JSON.parse("[".repeat(1e5) + "]".repeat(1e5))', `${DEPTH}|${TIME}|${KILLED}`],
    ['let f = (x) => x; for (let i = 0; i < 1e5; i++) f = f.bind(); return f(1)', `${DEPTH}|${TIME}|${MEMORY}`],
    ['return eval("(".repeat(1e5))', `${DEPTH}|SyntaxError`],
    ['return new Promise(() => {})', PENDING],
    ['await new Promise(() => {}); return 1', PENDING],
    ['return { then() {} }', PENDING],
  ])('[X2] [X3] %s', async (code, why) => {
    await serve();
    delay.reset();
    const begun = performance.now();
    expect(await failure(script(code))).toMatch(new RegExp(why));
    expect(elapsedMs(begun)).toBeLessThan(WORST_MS);
    await serve();
  });

  test.each([
    ['[1..1e9]', 'the JSONata expression'],
    ['[1..9999999]', `${MEMORY}|${TIME}`],
    ['$map([1..9999], function($x) { [1..9999] })', `${MEMORY}|${TIME}|at most`],
    ['($f := function($x) { $f($x) }; $f(1))', `${TIME}|${DEPTH}`],
    ['($f := function($x) { 1 + $f($x) }; $f(1))', `${TIME}|${DEPTH}|${MEMORY}`],
    ['$match("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", /^(a+)+$/)', TIME],
    ['$pad("x", 1e9)', `${KILLED}|${TIME}|${MEMORY}`],
    ['$eval($string($eval("[1..1e9]")))', 'the JSONata expression'],
    ['('.repeat(2000), 'the JSONata expression'],
    ['$.**.**.**', 'made|takes'],
  ])('[X2] [X3] %s', async (expression, why) => {
    await serve();
    delay.reset();
    const begun = performance.now();
    expect(await failure(jsonata(expression, { a: { b: [1, { c: 2 }] } }))).toMatch(new RegExp(why));
    expect(elapsedMs(begun)).toBeLessThan(WORST_MS);
    await serve();
  });

  test('[X3] the memory of the process does not grow with calls', async () => {
    const rss = async (calls: number) => {
      for (let i = 0; i < calls; i++) await failure(script('const a = []; for (;;) a.push(new Array(1000).fill(1))'));
      return process.memoryUsage.rss() / 1024 ** 2;
    };
    const before = await rss(3);
    expect((await rss(12)) - before).toBeLessThan(200);
  });
});

describe('what a call can reach', () => {
  test('[X4] nothing of the host', async () => {
    const names = [
      'process',
      'require',
      'module',
      'fetch',
      'XMLHttpRequest',
      'WebSocket',
      'setTimeout',
      'setInterval',
      'setImmediate',
      'queueMicrotask',
      'console',
      'WebAssembly',
      'Worker',
      'Buffer',
      'global',
      'window',
      'self',
      'document',
      'navigator',
      'std',
      'os',
      'print',
      'scriptArgs',
      'jsonata',
      'tidewall',
      'performance',
      'SharedArrayBuffer',
      'structuredClone',
    ];
    const found = await script(
      `return ${JSON.stringify(names)}.filter((name) => typeof globalThis[name] !== 'undefined')`,
    );
    expect(found).toEqual(
      expect.not.arrayContaining([
        'process',
        'require',
        'fetch',
        'setTimeout',
        'std',
        'os',
        'WebAssembly',
        'tidewall',
        'jsonata',
      ]),
    );
  });

  test.each([
    ['return [].constructor.constructor("return typeof process")()', '"undefined"'],
    ['return (async () => {}).constructor("return typeof require")()', '"undefined"'],
    ['return globalThis.constructor.constructor("return this")() === globalThis', 'true'],
    ['return eval("typeof fetch")', '"undefined"'],
    ['return import("node:fs").then(() => "in")', 'fails'],
    ['return new Function("return import(\\"node:fs\\")")().then(() => "in")', 'fails'],
    ['return new Error().stack', '"'],
    ['return new Date(2024, 0, 1).getTimezoneOffset()', '0'],
  ])('[X4] %s', async (code, made) => {
    const answer = await failure(script(code));
    expect(answer).toContain(made);
    expect(answer).not.toMatch(/node_modules|file:/);
    expect(answer).not.toContain(process.cwd());
  });

  test('[X5] nothing of a call is there in the next one', async () => {
    await script(
      'Object.prototype.polluted = 1; Array.prototype.map = null; JSON.stringify = () => "0"; globalThis.left = 1; Math.max = null; Promise.prototype.then = null; return 1',
    );
    expect(
      await script('return [({}).polluted ?? null, typeof [].map, JSON.stringify([1]), typeof left, typeof Math.max]'),
    ).toEqual([null, 'function', '[1]', 'undefined', 'function']);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(await jsonata('$sum([1, 2])')).toBe(3);
  });

  test('[X5] a member called __proto__ comes out as a member', async () => {
    const made = await script('return JSON.parse(\'{"__proto__":{"polluted":1}}\')');
    expect(Object.keys(made as object)).toEqual(['__proto__']);
    expect((made as { polluted?: number }).polluted).toBeUndefined();
  });

  test('[X5] chance makes the same in each call; the time is that of the clock', async () => {
    const [first, second] = [await script('return Math.random()'), await script('return Math.random()')];
    expect(first).toBe(second);
    const before = Date.now();
    expect(await script('return Date.now()')).toBeGreaterThanOrEqual(before);
  });
});

describe('turns', () => {
  test('[X6] [X7] a caller that is killed again and again holds nobody else up', async () => {
    const order: string[] = [];
    const hostile = host.of('hostile');
    const bombs = [1, 2].map((n) => failure(hostile.script(UNSTOPPABLE, null)).then(() => order.push(`bomb ${n}`)));
    const others = ['a', 'b'].map((name) =>
      host
        .of(name)
        .script('return 1', null)
        .then(() => order.push(name)),
    );
    await Promise.all([...bombs, ...others]);
    expect(order).toEqual(['bomb 1', 'a', 'b', 'bomb 2']);
  });

  test('[X6] so many wait, of one caller and of all, and more are told to come back', async () => {
    const small = new ScriptSandbox({
      clock: systemClock,
      log: silentLog,
      meter,
      limits: { waiting: 4, waitingOfCaller: 2 },
    });
    const ask = (caller: string) => failure(small.of(caller).script('return 1', null));
    // The first one of all does not wait.
    const asked = ['a', 'a', 'a', 'a', 'b', 'b', 'c'].map(ask);
    const answers = await Promise.all(asked);
    expect(answers.filter((answer) => answer === 'made 1')).toHaveLength(5);
    expect(answers[3]).toBe('busy the script waits behind too many others (4, of one caller 2)');
    expect(answers[6]).toContain('busy');
    await small.close();
  });
});

describe('operation', () => {
  test('[X8] calls, time, failures by reason and threads are counted', async () => {
    const counts = new CountingMeter();
    const own = new ScriptSandbox({ clock: systemClock, log: silentLog, meter: counts });
    await own.of('a').script('return 1', null);
    await failure(own.of('a').script('for (;;);', null));
    await failure(own.of('a').jsonata('1 +', null));
    expect(Object.fromEntries(counts.counts)).toEqual({
      'tidewall_sandbox_calls_total{kind=script}': 2,
      'tidewall_sandbox_calls_total{kind=jsonata}': 1,
      'tidewall_sandbox_seconds_total{kind=script}': expect.closeTo(0.2, 1),
      'tidewall_sandbox_seconds_total{kind=jsonata}': expect.any(Number),
      'tidewall_sandbox_failures_total{reason=time}': 1,
      'tidewall_sandbox_failures_total{reason=thrown}': 1,
      tidewall_sandbox_threads_total: 1,
    });
    expect(counts.read('tidewall_sandbox_waiting')).toBe(0);
    await own.close();
  });

  test('[X9] closing ends what runs and what waits, and may be done twice', async () => {
    const own = new ScriptSandbox({ clock: systemClock, log: silentLog, meter });
    await own.of('a').script('return 1', null);
    const calls = [1, 2].map(() => failure(own.of('a').script(UNSTOPPABLE, null)));
    await own.close();
    await own.close();
    expect(await Promise.all(calls)).toEqual(
      Array.from({ length: 2 }, () => 'busy the script was not run: the server stops'),
    );
    expect(await failure(own.of('a').script('return 1', null))).toBe('busy the script was not run: the server stops');
  });

  test('[X9] a sandbox that nobody uses starts no thread, and one that cannot start says so to each caller', async () => {
    const counts = new CountingMeter();
    const worker = { file: new URL('./no-such-file.js', import.meta.url) };
    const own = new ScriptSandbox({ clock: systemClock, log: silentLog, meter: counts, worker });
    expect(counts.read('tidewall_sandbox_threads_total')).toBe(0);
    for (const caller of ['a', 'b']) {
      expect(await failure(own.of(caller).script('return 1', null))).toContain(
        'internal the script found no sandbox to run in',
      );
    }
    expect(counts.read('tidewall_sandbox_threads_total')).toBe(2);
    await own.close();
  });

  test('[X1] steps of a pipeline name themselves before what went wrong', async () => {
    const pipeline = (step: object, own: Sandbox = sandbox) =>
      compileTransforms([{ type: 'limit', count: 2 }, step], { sandbox: own });
    const rows = [{ v: 1 }, { v: 2 }, { v: 3 }];
    expect(await pipeline({ type: 'script', code: 'return data.length' })(rows)).toBe(2);
    expect(await pipeline({ type: 'jsonata', expression: '$sum(v)' })(rows)).toBe(3);
    await expect(pipeline({ type: 'script', code: 'for (;;);' })(rows)).rejects.toThrow(
      'transforms[1]: the script takes longer than 200 ms',
    );
  });
});
