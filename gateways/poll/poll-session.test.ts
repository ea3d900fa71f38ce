import type { JsonObject } from '@tidewall/base';
import { afterEach, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed } from '../gateway-bed.contract.ts';
import { ask } from '../http/http-client.contract.ts';
import { pollGateway } from './server.ts';

const open: { bed?: GatewayBed } = {};

afterEach(async () => {
  await open.bed?.close();
  delete open.bed;
});

/** A session that has connected, and sends and asks by hand. */
async function session(options: GatewayBedOptions = {}) {
  const bed = await openGatewayBed(pollGateway, options);
  open.bed = bed;
  const opened = await ask(bed.port, '/poll', { method: 'POST' });
  const { session: id, cursor } = JSON.parse(opened.text) as { session: string; cursor: number };
  const send = (line: object | string, query = '') => {
    const body = typeof line === 'string' ? line : JSON.stringify(line);
    return ask(bed.port, `/poll?session=${id}${query}`, { method: 'POST', body });
  };
  const get = (from: number | string, query = '&waitMs=0') =>
    ask(bed.port, `/poll?session=${id}&cursor=${from}${query}`);
  return { bed, id, cursor, send, get };
}

const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonObject);

test('[W53] an answer that was lost is asked for again, until asking for what comes next says that it came', async () => {
  const { bed, send, get, cursor } = await session();
  expect(cursor).toBe(0);
  await send({ id: 1, connect: { version: 1 } });
  await send({ id: 2, subscribe: { topic: 'a', kind: 'log' } });
  const first = await get(0);
  expect(lines(first.text).map(({ id }) => id)).toEqual([1, 2]);
  expect(first.headers['x-tidewall-cursor']).toBe('1');
  await bed.publish('a', 1);
  const again = await get(0);
  expect([again.text, again.headers['x-tidewall-cursor']]).toEqual([first.text, '1']);
  const second = await get(1);
  expect(lines(second.text)).toMatchObject([{ o: 1, d: 1 }]);
  const none = await get(2);
  expect([none.status, none.text, none.headers['x-tidewall-cursor']]).toEqual([204, '', '2']);
  for (const wrong of [0, 1, 4]) expect((await get(wrong)).status).toBe(400);
});

test('[W53] frames with numbers are taken once and in order, however often they come', async () => {
  const { bed, send, get } = await session();
  await send({ id: 1, connect: { version: 1 } }, '&n=1');
  const publish = (i: number) => send({ id: i, publish: { topic: 'a', kind: 'log', data: i } }, `&n=${i}`);
  for (const i of [2, 3, 3, 2, 4, 1]) expect((await publish(i)).status).toBe(204);
  const early = await publish(6);
  expect([early.status, JSON.parse(early.text).error.name]).toEqual([409, 'conflict']);
  await publish(5);
  const { entries } = await bed.hub.history({ id: 'x', roles: [] }, { topic: 'a' });
  expect(entries.map(({ json }) => json)).toEqual(['2', '3', '4', '5']);
  expect(lines((await get(0)).text).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
});

test('[W53] a session has an id that cannot be guessed, and is its opener’s alone', async () => {
  let caller = 'a';
  const { id, bed, send, get } = await session({ identify: () => ({ id: caller, roles: [] }) });
  expect(Buffer.from(id, 'base64url')).toHaveLength(16);
  caller = 'b';
  for (const answer of [await send({ id: 1, connect: { version: 1 } }), await get(0)]) {
    expect(answer.status).toBe(410);
    expect(lines(answer.text)).toMatchObject([{ bye: { code: 4014 } }]);
  }
  expect((await ask(bed.port, `/poll?session=${id}`, { method: 'DELETE' })).status).toBe(410);
  caller = 'a';
  expect((await send({ id: 1, connect: { version: 1 } })).status).toBe(204);
  expect((await ask(bed.port, `/poll?session=${id}`, { method: 'DELETE' })).status).toBe(204);
  expect((await get(0)).status).toBe(410);
  expect(bed.meter.value('tidewall_sessions')).toBe(0);
});

test('[W53] of two that ask at once the newer one is answered with what comes', async () => {
  const { bed, send, get } = await session();
  await send({ id: 1, connect: { version: 1 } });
  await get(0);
  const older = get(1, '');
  await bed.until(() => bed.clock.pending > 0);
  const before = bed.clock.pending;
  await bed.until(() => bed.clock.pending > before - 1);
  const newer = get(1, '');
  expect((await older).status).toBe(204);
  await send({ id: 2, presence: { topic: 'nowhere' } });
  expect(lines((await newer).text)).toMatchObject([{ id: 2, error: { name: 'unknown_topic' } }]);
});

test('[W53] who asks for the longest wait is answered before its silence counts, and has time to ask again', async () => {
  const { bed, send, get } = await session();
  await send({ id: 1, connect: { version: 1 } });
  await get(0);
  for (let round = 0; round < 3; round++) {
    let status = 0;
    const timers = bed.clock.pending;
    const asked = get(1, '&waitMs=60000').then((answer) => {
      status = answer.status;
    });
    await bed.until(() => bed.clock.pending > timers);
    await bed.clock.advance(49_000);
    await bed.until(() => status !== 0);
    await asked;
    expect(status).toBe(204);
    // On a slow link the next request takes a while.
    await bed.clock.advance(2500);
  }
  expect(bed.meter.value('tidewall_sessions')).toBe(1);
});

test('[W53] what is not asked for is bounded, and its client gone after a twentieth of deadMs, or later when an answer is on its way', async () => {
  const { bed, send } = await session();
  const sessions = () => bed.meter.value('tidewall_sessions');
  await send({ id: 1, connect: { version: 1 } });
  await bed.clock.advance(2_000);
  expect(sessions()).toBe(1);
  await bed.clock.advance(2_000);
  expect(sessions()).toBe(0);
  await bed.close();

  const other = await session();
  await other.send({ id: 1, connect: { version: 1 } });
  await other.get(0);
  const left = () => other.bed.meter.value('tidewall_sessions');
  await other.bed.clock.advance(8_000);
  expect(left()).toBe(1);
  await other.bed.clock.advance(4_000);
  expect(left()).toBe(0);
});
