import { type JsonObject, setOwn } from '@tidewall/base';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { labelSetId } from '../label-set.ts';
import { memberName } from '../member.ts';
import { escapePart } from '../topic-part.ts';
import { HAS_INFLUXDB, type HeldSeries, type InfluxDb, startInfluxDb } from './influxdb.contract.ts';
import { DIFFERENT, LINES, MORE_LINES } from './lines.contract.ts';

/*
 * The same lines to a real InfluxDB 1.6 and to us: what is taken, and what is held then, is the same.
 */

const CENTURY_MS = 3_153_600_000_000;
const ANYBODY = { id: 'anybody', roles: [] };
/** A double has the time to about a quarter of a microsecond. */
const NEAR_MS = 0.001;

/** Ten thousand others have been tried; one that differs after all would be news of InfluxDB, and should not stop anybody. */
const SAME_EACH_TIME = { seed: 20_261_130 };

/** What is held of one label set: points of numbers, and the newest of every field. */
interface Held {
  readonly points: readonly (readonly [t: number, field: string, value: number])[];
  readonly row: Readonly<Record<string, unknown>>;
}

describe.skipIf(!HAS_INFLUXDB)('beside InfluxDB 1.6', () => {
  let host: TestHost;
  let influx: InfluxDb;
  let names = 0;

  beforeAll(async () => {
    const settings = {
      ingest: { pastMs: CENTURY_MS, futureMs: CENTURY_MS, series: 100_000, textLength: 65_536 },
      limits: { topics: 200_000 },
    };
    [host, influx] = await Promise.all([startTestHost({ settings }), startInfluxDb()]);
  });

  afterAll(async () => {
    await host?.close();
    await influx?.close();
  });

  async function both(lines: string) {
    const name = `c${names++}`;
    await influx.create(name);
    const [theirs, ours] = await Promise.all([
      influx.write(name, lines),
      fetch(`${host.url}/api/ingest/influx?prefix=${name}`, { method: 'POST', body: lines }),
    ]);
    const said = await ours.text();
    const held = { theirs: asHeld(await influx.held(name)), ours: await heldByUs(name) };
    await influx.drop(name);
    return { taken: { theirs: theirs.status < 300, ours: ours.status < 300 }, held, said: [theirs.body, said] };
  }

  async function heldByUs(prefix: string): Promise<Map<string, Held>> {
    const all = new Map<string, Held>();
    const head = `ingest/${prefix}/influx/`;
    const topics = host.hub.topics(ANYBODY).filter(({ topic }) => topic.startsWith(head));
    for (const { topic } of topics.filter(({ kind }) => kind === 'table')) {
      for (const row of JSON.parse((await host.hub.snapshot(ANYBODY, topic)).json ?? '[]') as JsonObject[]) {
        const name = `${topic}/${row['id']}`;
        const json = topics.some((each) => each.topic === name) ? (await host.hub.snapshot(ANYBODY, name)).json : '{}';
        const { t = [], ...columns } = JSON.parse(json ?? '{}') as Record<string, (number | null)[]>;
        const points = Object.entries(columns).flatMap(([field, values]) =>
          values.flatMap((value, i) => (value === null ? [] : [[t[i] as number, field, value] as const])),
        );
        all.set(name.slice(head.length), { points: points.sort(byTimeAndField), row });
      }
    }
    return all;
  }

  test.each([...LINES, ...MORE_LINES])('[I10] %j', async (line) => {
    const { taken, held, said } = await both(line);
    expect(taken.ours, said.join('\n')).toBe(taken.theirs);
    expectSame(held.ours, held.theirs);
  });

  test.each(Object.entries(DIFFERENT))('[I11] %j is %s', async (line, [ours]) => {
    const { taken } = await both(line);
    expect(taken).toEqual({ ours: ours === 'taken', theirs: ours === 'refused' });
  });

  test('[I10] generated lines, many together', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 20 }), async (lines) => {
        // A field of another type would be refused there, and times that come again replace what was.
        const { taken, held, said } = await both(lines.map((each, i) => `m${i}${each}`).join('\n'));
        expect(taken.ours, said.join('\n')).toBe(taken.theirs);
        expectSame(held.ours, held.theirs);
      }),
      { ...SAME_EACH_TIME, numRuns: 40 },
    );
  });

  test('[I10] generated lines that were changed somewhere', async () => {
    await fc.assert(
      fc.asyncProperty(line, fc.array(change, { minLength: 1, maxLength: 3 }), async (whole, changes) => {
        const lines = changes.reduce(apply, `m${whole}`);
        // What only one of us takes has tests of its own; a name with two backslashes before
        // what they would escape InfluxDB takes, and never finds again.
        fc.pre(!/\r|\0|\du\b|"[^,\s]|\btime=|\\$|\\\\[, =]/.test(lines));
        const { taken, held, said } = await both(lines);
        expect(taken.ours, said.join('\n')).toBe(taken.theirs);
        expectSame(held.ours, held.theirs);
      }),
      { ...SAME_EACH_TIME, numRuns: 120 },
    );
  });
});

// --- lines

const character = fc.constantFrom(...'abxz019._-/:~@中é ,="\\#\'+');
const word = fc.string({ unit: character, minLength: 1, maxLength: 6 });
/** A backslash before one of these would be taken for its escape, and nothing may end with one. */
const name = word.map((text) => text.replaceAll('\\', '')).filter((text) => text !== '' && !/^\s|^#/.test(text));
const escaped = (text: string, special: RegExp) => text.replaceAll(special, (each) => `\\${each}`);
const measurement = name.map((text) => escaped(text, /[, ]/g));
const tagPart = name.map((text) => escaped(text, /[,= ]/g));
const tags = fc
  .uniqueArray(fc.tuple(tagPart, tagPart), { selector: ([key]) => key, maxLength: 3 })
  .map((all) => all.map(([key, value]) => `,${key}=${value}`).join(''));
const text = word.map((each) => `"${each.replaceAll(/["\\]/g, (special) => `\\${special}`)}"`);
const value = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((each) => `${each}i`),
  fc.constantFrom('t', 'F', 'true', 'False'),
  text,
);
const fields = fc
  .uniqueArray(fc.tuple(tagPart, value), { selector: ([key]) => key, minLength: 1, maxLength: 4 })
  .map((all) => all.map(([key, each]) => `${key}=${each}`).join(','));
const time = fc.bigInt({ min: 1_600_000_000_000_000_000n, max: 1_790_000_000_000_000_000n });
const line = fc
  .tuple(measurement, tags, fields, time)
  .map(([name, ...rest]) => `${name}${rest[0]} ${rest[1]} ${rest[2]}`);
const change = fc.record({ at: fc.nat(200), remove: fc.nat(3), insert: fc.oneof(fc.constant(''), character) });

function apply(whole: string, { at, remove, insert }: { at: number; remove: number; insert: string }): string {
  const place = at % (whole.length + 1);
  return whole.slice(0, place) + insert + whole.slice(place + remove);
}

// --- what is held

function asHeld(all: readonly HeldSeries[]): Map<string, Held> {
  return new Map(
    all.map(({ name, tags, points }) => {
      const labels = Object.entries(tags).map(([label, value]) => ({ name: label, value }));
      const id = labelSetId(labels, 150);
      const row: Record<string, unknown> = { id, t: Math.max(...points.map(({ t }) => t)) };
      for (const { name: label, value } of labels) setOwn(row, memberName(label), value);
      const member = (field: string) => {
        let known = memberName(field);
        while (labels.some((label) => memberName(label.name) === known)) known = `~${known}`;
        return known;
      };
      const numbers: (readonly [number, string, number])[] = [];
      for (const { t, fields } of points) {
        for (const [field, value] of Object.entries(fields)) {
          // JSON has no -0.
          setOwn(row, member(field), value === 0 ? 0 : value);
          if (typeof value !== 'string') numbers.push([t, member(field), Number(value) + 0]);
        }
      }
      return [`${escapePart(name)}/${id}`, { points: numbers.sort(byTimeAndField), row }];
    }),
  );
}

function byTimeAndField(a: readonly [number, string, number], b: readonly [number, string, number]): number {
  return Math.abs(a[0] - b[0]) > NEAR_MS ? a[0] - b[0] : a[1] < b[1] ? -1 : 1;
}

function expectSame(ours: ReadonlyMap<string, Held>, theirs: ReadonlyMap<string, Held>): void {
  expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
  for (const [name, { points, row }] of theirs) {
    const own = ours.get(name) as Held;
    expect(own.points.map(([, ...rest]) => rest)).toEqual(points.map(([, ...rest]) => rest));
    // Without a time, each has taken its own.
    const now = Date.now() - (row['t'] as number) < 60_000;
    const apart = own.points.map(([t], i) => Math.abs(t - (points[i]?.[0] ?? 0)));
    if (!now) expect(Math.max(0, ...apart)).toBeLessThan(NEAR_MS);
    expect({ ...own.row, t: 0 }).toEqual({ ...row, t: 0 });
    if (!now) expect(Math.abs((own.row['t'] as number) - (row['t'] as number))).toBeLessThan(NEAR_MS);
  }
}
