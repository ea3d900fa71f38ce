import { TidewallError } from '@tidewall/protocol';
import { expect, test } from 'vitest';
import { openGatewayBed } from '../gateway-bed.contract.ts';
import { ask } from '../http/http-client.contract.ts';
import { EventReader } from './event-reader.contract.ts';
import { sseGateway } from './server.ts';

test('[W56] who is told a final code in a stream is answered 204 when it comes back', async () => {
  const identify = () => {
    throw new TidewallError('permission_denied', 'not you');
  };
  const bed = await openGatewayBed(sseGateway, { identify });
  const reader = await EventReader.open(bed.port, '/sse?topic=a');
  expect(await reader.json()).toEqual({ bye: { code: 4507, reason: 'not you' } });
  expect(await reader.next()).toBeUndefined();
  const headers = { 'last-event-id': reader.lastEventId };
  expect((await ask(bed.port, '/sse?topic=a', { headers })).status).toBe(204);
  expect(bed.meter.value('tidewall_closes_total', { gateway: 'sse', code: '4507' })).toBe(1);
  await bed.close();
});
