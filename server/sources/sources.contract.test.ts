import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isJsonObject, type JsonValue } from '@tidewall/base';
import type { Source, SourceDefinition, SourceTopic } from '@tidewall/contracts';
import { DEFAULT_LIMITS, OPERATIONS_OF_KIND, parseTopicName } from '@tidewall/protocol';
import { FakeClock, findProgram } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type RecordedPublication, RecordingSink } from './recording-sink.ts';
import type { PreparedCase, SourceCase } from './source-case.contract.ts';
import { parseSourceConfig } from './source-config.ts';
import { testContext } from './source-context.contract.ts';
import { sourceDefinitions } from './source-definitions.ts';

/** Long enough for a far end to have said much more, in the machine's own time. */
const OBSERVED_MS = 60;
const kinds = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

it('every folder of the rack is listed, and nothing else', () => {
  expect([...sourceDefinitions.keys()].sort()).toEqual(kinds.sort());
});

const cases = new Map(
  await Promise.all(
    kinds.map(async (kind): Promise<[string, SourceCase]> => {
      return [kind, ((await import(`./${kind}/source.contract.ts`)) as { default: SourceCase }).default];
    }),
  ),
);
const caseOf = (kind: string) => cases.get(kind) as SourceCase;
const here = ({ needs }: SourceCase) => needs === undefined || findProgram(needs) !== undefined;

it.skip.each(kinds.filter((kind) => !here(caseOf(kind))))(
  'a source of kind %s: what it needs is not installed',
  () => {},
);

describe.each(kinds.filter((kind) => here(caseOf(kind))))('a source of kind %s', (kind) => {
  let folder: string;
  let clock: FakeClock;
  let definition: SourceDefinition;
  let prepared: PreparedCase;
  let source: Source;
  let sink: RecordingSink;
  let abort: AbortController;
  let running: Promise<void> | undefined;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tidewall-source-'));
    clock = new FakeClock(1_700_000_000_000);
    definition = ((await import(`./${kind}/index.ts`)) as { definition: SourceDefinition }).definition;
    prepared = await caseOf(kind).prepare(folder);
    source = createSource();
    sink = new RecordingSink();
    abort = new AbortController();
  });

  afterEach(async () => {
    abort.abort();
    sink.release();
    if (running) await settled(running);
    running = undefined;
    await prepared.close?.();
    rmSync(folder, { recursive: true, force: true });
    expect(clock.pending).toBe(0);
  });

  function createSource(): Source {
    const config = parseSourceConfig('probe', definition, prepared.config);
    return definition.create(config, testContext({ baseDir: folder, clock, ...prepared.context }));
  }

  /** Lets time pass, ours and the machine's, until something has come about. */
  async function eventually(cameAbout: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!cameAbout()) {
      if (performance.now() > deadline) throw new Error(`in 10 s it did not come about: ${what}`);
      await clock.advance(20);
    }
  }

  /** Lets time pass to see that nothing comes about: that needs the machine's time too. */
  async function watchFor(ms: number): Promise<void> {
    const until = performance.now() + ms;
    while (performance.now() < until) await clock.advance(20);
  }

  async function settled(run: Promise<void>): Promise<unknown> {
    let outcome: { failure?: unknown } | undefined;
    run.then(
      () => (outcome = {}),
      (failure: unknown) => (outcome = { failure }),
    );
    await eventually(() => outcome !== undefined, 'the run settles');
    return outcome?.failure;
  }

  async function start(): Promise<void> {
    running = source.run(sink, abort.signal);
    running.catch(() => {});
    await eventually(() => sink.publications.length > 0, 'the first publication');
  }

  it('is named after its folder', () => {
    expect(definition.kind).toBe(kind);
  });

  it('refuses a setting that it does not know, by name', () => {
    const config = { ...prepared.config, colour: 'red' };
    expect(() => parseSourceConfig('probe', definition, config)).toThrow(/sources\.probe\.colour/);
  });

  it('names the field that is wrong', () => {
    const field = Object.keys(prepared.wrong)[0];
    const config = { ...prepared.config, ...prepared.wrong };
    expect(() => parseSourceConfig('probe', definition, config)).toThrow(new RegExp(`sources\\.probe\\.${field}`));
  });

  it('leaves a checked configuration as it is', () => {
    const config = parseSourceConfig('probe', definition, prepared.config);
    expect(parseSourceConfig('probe', definition, config)).toEqual(config);
  });

  it('has every secret among its settings', () => {
    const names = propertyNames(z.toJSONSchema(definition.configSchema, { io: 'input', unrepresentable: 'any' }));
    for (const secret of definition.secrets) expect(names).toContain(secret);
  });

  it('has no setting of its own that is called kind: in a configuration that is the kind of the source', () => {
    const schema = z.toJSONSchema(definition.configSchema, { io: 'input', unrepresentable: 'any' });
    const alternatives = [schema, ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])] as { properties?: object }[];
    for (const { properties = {} } of alternatives) expect(Object.keys(properties)).not.toContain('kind');
  });

  it('declares topics, each once', () => {
    const names = source.topics.map(({ topic }) => topic);
    expect(names.length).toBeGreaterThan(0);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(parseTopicName(name)).toBe(name);
  });

  it('publishes to its own topics only, data that is of their kind', async () => {
    await start();
    await prepared.change?.();
    await eventually(() => sink.publications.length > source.topics.length, 'more publications');
    const declared = new Map(source.topics.map((topic) => [topic.topic, topic]));
    for (const publication of sink.publications) {
      const topic = declared.get(publication.topic);
      if (!topic) throw new Error(`${publication.topic} is not declared`);
      expectOfKind(publication, topic);
    }
    expect(sink.refusals).toEqual([]);
  });

  it('waits for each publication before the next, and reads no further meanwhile', async () => {
    sink.hold();
    await start();
    await prepared.change?.();
    await watchFor(OBSERVED_MS);
    expect(sink.publications).toHaveLength(1);
    sink.release();
    await eventually(() => sink.publications.length > 1, 'the next publication');
    expect(sink.mostAtOnce).toBe(1);
  });

  it('ends soon after the abort, and publishes nothing after it', async () => {
    await start();
    abort.abort();
    const before = sink.publications.length;
    expect(await settled(running as Promise<void>)).toBeUndefined();
    await prepared.change?.();
    await watchFor(OBSERVED_MS);
    expect(sink.publications).toHaveLength(before);
  });

  it('publishes nothing more when it is aborted while a publication is under way', async () => {
    sink.hold();
    await start();
    abort.abort();
    sink.release();
    expect(await settled(running as Promise<void>)).toBeUndefined();
    expect(sink.publications).toHaveLength(1);
  });

  it('brings nothing when it is aborted before it starts', async () => {
    abort.abort();
    expect(await settled(source.run(sink, abort.signal))).toBeUndefined();
    expect(sink.publications).toEqual([]);
  });

  it('starts again after it was stopped', async () => {
    await start();
    abort.abort();
    await settled(running as Promise<void>);
    abort = new AbortController();
    const before = sink.publications.length + sink.healthyCalls;
    running = source.run(sink, abort.signal);
    await eventually(() => sink.publications.length + sink.healthyCalls > before, 'a sign of life');
  });

  it('rejects with a sentence when its far end dies', async ({ skip }) => {
    if (!prepared.kill) return skip('there is no far end outside this process');
    await start();
    await prepared.kill();
    const failure = await settled(running as Promise<void>);
    expect(failure).toBeInstanceOf(Error);
    expect((failure as Error).message).toMatch(/\S+ \S+ \S+/);
  });
});

function expectOfKind({ op, data }: RecordedPublication, { kind, keyField }: SourceTopic): void {
  expect(OPERATIONS_OF_KIND[kind]).toContain(op);
  const json = JSON.stringify(data);
  expect(JSON.parse(json)).toEqual(data);
  expect(Buffer.byteLength(json)).toBeLessThanOrEqual(DEFAULT_LIMITS.publicationBytes);
  if (kind === 'series') expectPoints(data);
  if (kind === 'table' && op !== 'remove') {
    for (const row of data as JsonValue[]) {
      expect(['string', 'number']).toContain(isJsonObject(row) && keyField ? typeof row[keyField] : 'no row');
    }
  }
}

/** One point, or columns of equal length. */
function expectPoints(data: JsonValue): void {
  if (!isJsonObject(data)) throw new Error('a point of a series is no object');
  const columns = Object.values(data).map((value) => (Array.isArray(value) ? value : [value]));
  const times = Array.isArray(data['t']) ? data['t'] : [data['t']];
  for (const t of times) expect(t).toBeTypeOf('number');
  for (const column of columns) {
    expect(column).toHaveLength(times.length);
    for (const value of column) expect(value === null || typeof value === 'number').toBe(true);
  }
}

function propertyNames(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = 'properties' in schema ? Object.keys(schema.properties as object) : [];
  return [...own, ...Object.values(schema).flatMap(propertyNames)];
}
