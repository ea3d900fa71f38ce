import type { JsonObject } from '@tidewall/base';
import type { SourceDefinition } from '@tidewall/contracts';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { TidewallError } from '@tidewall/protocol';
import type { SourceSpec, SourceStatus, Supervisor } from '@tidewall/sources';
import { TestStore } from '@tidewall/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { SourceStore } from './source-store.ts';

const definition: SourceDefinition = {
  kind: 'door',
  configSchema: z.strictObject({ n: z.number(), password: z.string().optional() }),
  secrets: ['password'],
  addresses: [],
  create: () => {
    throw new Error('nobody makes it here');
  },
};
const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: false });
const master = { key: new Uint8Array(32).fill(7), from: 'a test' };
const log = { debug() {}, info() {}, warn() {}, error() {} };

/** Runs nothing; a source whose `n` is below zero cannot be added. */
class ListingSupervisor implements Supervisor {
  readonly running = new Map<string, SourceSpec>();
  /** The most changes that were under way at once. */
  mostAtOnce = 0;
  previews: (() => void)[] = [];
  /** Why nothing can be added. */
  full: string | undefined;
  #atOnce = 0;

  async add(spec: SourceSpec): Promise<void> {
    await this.#turn();
    if (this.full !== undefined) throw new TidewallError('limit_exceeded', this.full);
    if ((spec.settings['n'] as number) < 0) throw new TidewallError('conflict', 'its topic is taken');
    if (this.running.has(spec.name)) throw new TidewallError('conflict', 'its name is taken');
    this.running.set(spec.name, spec);
  }

  check(spec: SourceSpec): void {
    if (spec.settings['n'] === 1300) throw new TidewallError('bad_request', 'transforms[0] is wrong');
  }

  async remove(name: string): Promise<boolean> {
    await this.#turn();
    return this.running.delete(name);
  }

  preview() {
    return new Promise<never>((_, reject) => this.previews.push(() => reject(new Error('over'))));
  }

  list(): readonly SourceStatus[] {
    return [...this.running.keys()].map((name) => ({ name, kind: 'door', topics: [], state: 'idle', refusals: 0 }));
  }

  async dispose(): Promise<void> {}

  async #turn(): Promise<void> {
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    this.#atOnce -= 1;
  }
}

let kept: TestStore;
let supervisor: ListingSupervisor;
let store: SourceStore;

beforeEach(async () => {
  kept = await TestStore.open();
  ({ supervisor, store } = open());
  await store.start([]);
});

afterEach(() => kept.close());

function open() {
  const definitions = new Map([['door', definition]]);
  const fresh = new ListingSupervisor();
  const shared = {
    filesDir: '/nowhere',
    store: kept,
    master,
    definitions,
    log,
    outgoing: { configured: outgoing, made: outgoing },
  };
  return {
    supervisor: fresh,
    store: new SourceStore({ ...shared, supervisor: fresh }),
  };
}

const door = (n: number, password?: string) => ({
  kind: 'door',
  settings: { n, ...(password !== undefined && { password }) },
});
const records = async () => (await kept.read('sources')).map(({ value }) => value as JsonObject);
const running = () => Object.fromEntries([...supervisor.running].map(([name, { settings }]) => [name, settings['n']]));
const refusal = (change: Promise<unknown>) =>
  change.then(
    () => expect.unreachable(),
    (failure: Error) => failure,
  );

test('changes that are asked for at once are made one after another, and all are kept', async () => {
  const changes = Array.from({ length: 20 }, (_, i) => store.put(`door-${i % 10}`, door(i), false));
  await Promise.all([...changes, store.delete('door-3')]);
  expect(supervisor.mostAtOnce).toBe(1);
  const expected = Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [`door-${i}`, i + 10]).filter(([name]) => name !== 'door-3'),
  );
  expect(running()).toEqual(expected);
  const rows = (await records()) as unknown as { name: string; settings: { n: number } }[];
  expect(Object.fromEntries(rows.map(({ name, settings }) => [name, settings.n]))).toEqual(expected);
});

test('of two that make one of the same name the second is refused', async () => {
  const [first, second] = await Promise.allSettled([store.put('a', door(1), true), store.put('a', door(2), true)]);
  expect([first?.status, second?.status]).toEqual(['fulfilled', 'rejected']);
  expect(running()).toEqual({ a: 1 });
});

test('one that cannot run leaves the old one running and kept, and its secret', async () => {
  await store.put('a', door(1, 's3cret'), true);
  const before = await records();
  expect((await refusal(store.put('a', door(-1, '(unchanged)'), false))).message).toBe('its topic is taken');
  expect(running()).toEqual({ a: 1 });
  expect(await records()).toEqual(before);
  await store.put('a', door(2, '(unchanged)'), false);
  expect(supervisor.running.get('a')?.settings).toEqual({ n: 2, password: 's3cret' });
});

test('one that was to stay as it was and cannot is listed with the reason', async () => {
  await store.put('a', door(1), true);
  supervisor.full = 'there is no room for its topics';
  await refusal(store.put('a', door(2), false));
  expect(store.list()).toMatchObject([{ name: 'a', state: 'failed', reason: 'there is no room for its topics' }]);
  supervisor.full = undefined;
  await store.put('a', door(3), false);
  expect(store.list()).toMatchObject([{ name: 'a', state: 'idle' }]);
});

test('when nothing can be kept the old one goes on, a new one is not made, and none is taken away', async () => {
  await store.put('a', door(1), true);
  kept.failure = new Error('the disk is broken');
  await refusal(store.put('a', door(2), false));
  await refusal(store.put('b', door(3), true));
  await refusal(store.delete('a'));
  expect(running()).toEqual({ a: 1 });
  expect(store.list().map(({ name, state }) => [name, state])).toEqual([['a', 'idle']]);
  expect(store.show('a').settings).toEqual({ n: 1 });
  kept.failure = undefined;
  await store.put('b', door(3), true);
  expect(running()).toEqual({ a: 1, b: 3 });
});

test('secrets are sealed in the store, opened by the next start, and shown to nobody', async () => {
  await store.put('a', door(1, 's3cret'), true);
  expect(await kept.text('sources')).not.toContain('s3cret');
  expect(store.show('a').settings).toEqual({ n: 1, password: '(unchanged)' });
  const again = open();
  await again.store.start([]);
  expect(again.supervisor.running.get('a')?.settings).toEqual({ n: 1, password: 's3cret' });
});

test('what is wrong with a new one is found before the old one is stopped', async () => {
  await store.put('a', door(1), true);
  const before = supervisor.running.get('a');
  expect(await refusal(store.put('a', door(1300), false))).toMatchObject({ kind: 'bad_request' });
  expect(supervisor.running.get('a')).toBe(before);
});

test('what has become a secret since it was kept is sealed the next time, and stops nobody', async () => {
  const settings = { n: 1, password: 'in the clear' };
  const value = { format: 2, name: 'a', kind: 'door', settings };
  await kept.write([{ collection: 'sources', id: 'a', value }]);
  const again = open();
  await again.store.start([]);
  expect(again.supervisor.running.get('a')?.settings).toEqual(settings);
  await again.store.put('a', door(2, '(unchanged)'), false);
  expect(await kept.text('sources')).not.toContain('in the clear');
  const third = open();
  await third.store.start([]);
  expect(third.supervisor.running.get('a')?.settings).toEqual({ ...settings, n: 2 });
});

test('a source that was kept in the format before is read, and what was sealed in it is opened', async () => {
  await store.put('a', door(1, 's3cret'), true);
  const rows = (await records()) as unknown as { settings: { password: { $sealed: string } } }[];
  const [row] = rows;
  const value = {
    ...row,
    name: 'a',
    kind: 'door',
    format: 1,
    settings: { n: 1, password: row?.settings.password.$sealed ?? '' },
  };
  await kept.write([{ collection: 'sources', id: 'a', value }]);
  const again = open();
  await again.store.start([]);
  expect(again.supervisor.running.get('a')?.settings).toEqual({ n: 1, password: 's3cret' });
});

test('a source whose kind is gone is listed with that and kept as it is, and nothing of it is told', async () => {
  await store.put('a', door(1, 's3cret'), true);
  const rows = await records();
  await kept.tamper('sources', 'a', (text) => text.replace('"door"', '"gate"'));
  const without = open();
  await without.store.start([]);
  expect(without.store.list()).toMatchObject([{ name: 'a', kind: 'gate', state: 'failed' }]);
  expect(without.store.show('a').settings).toEqual({ n: '(unchanged)', password: '(unchanged)' });
  await without.store.put('b', door(2), true);
  expect((await records())[0]).toEqual({ ...rows[0], kind: 'gate' });
});

test('so many are tried at once, and a further one is busy until one is over', async () => {
  const trials = Array.from({ length: 4 }, () => refusal(store.preview('x', door(1), {})));
  expect(await refusal(store.preview('x', door(1), {}))).toMatchObject({ kind: 'busy' });
  for (const end of supervisor.previews.splice(0)) end();
  await Promise.all(trials);
  const next = refusal(store.preview('x', door(1), {}));
  expect(supervisor.previews).toHaveLength(1);
  supervisor.previews[0]?.();
  expect((await next).message).toBe('over');
  expect(await refusal(store.preview('x', door('one' as never), {}))).toMatchObject({ kind: 'bad_request' });
  expect(await refusal(store.preview('nobody', undefined, {}))).toMatchObject({ kind: 'bad_request' });
});
