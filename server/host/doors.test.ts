import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EventSource } from 'eventsource';
import { expect, test, vi } from 'vitest';
import { createMainDoor } from './doors.ts';
import { createMetrics } from './metrics.ts';
import { createOriginGuard } from './origin-guard.ts';

test('whoever comes before the server is ready is told to come again, an EventSource in its own words', async () => {
  let ready = false;
  const answered: string[] = [];
  const metrics = createMetrics();
  const door = createMainDoor({
    gateways: [
      {
        definition: { kind: 'stream', path: '/stream' },
        gateway: {
          answer(_request, response) {
            response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data:here\n\n');
          },
          drain: async () => {},
          close() {},
        },
      },
    ],
    guard: createOriginGuard({ boundHost: 'localhost', allowedOrigins: [], allowedHosts: [] }),
    callers: { establish: () => undefined, refusalOf: () => undefined },
    rates: { knock: () => undefined, enter: () => undefined, stay: () => undefined },
    rejected: metrics.counter('rejected', 'Refused.', ['reason']),
    otherwise: (_request, response) => response.end(),
    ready: () => ready,
  });
  const server = createServer(door.request);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/stream`;
  const program = await fetch(url);
  expect([program.status, program.headers.get('retry-after')]).toEqual([503, '1']);
  const source = new EventSource(url);
  const opened = new Promise<void>((resolve) => source.addEventListener('open', () => resolve()));
  source.addEventListener('message', ({ data }) => answered.push(String(data)));
  await opened;
  ready = true;
  await vi.waitFor(() => expect(answered).toEqual(['here']), 10_000);
  source.close();
  server.closeAllConnections();
  server.close();
  metrics.dispose();
});
