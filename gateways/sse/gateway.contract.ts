import type { GatewayCase } from '../gateway-case.contract.ts';
import { EventStreamClient } from './event-stream-client.contract.ts';
import { sseGateway } from './server.ts';

/** How the contract suite of gateways dials this one. */
export const gatewayCase: GatewayCase = {
  definition: sseGateway,
  dial: (port) => EventStreamClient.dial(port),
  refused: [
    { title: 'text that is not JSON', input: '{"id":1,', code: 'bad_frame' },
    { title: 'text that is not UTF-8', input: new Uint8Array([0x22, 0xff, 0x22]), code: 'bad_frame' },
    { title: 'JSON too deep to read', input: '['.repeat(1000) + ']'.repeat(1000), code: 'bad_frame' },
  ],
  oversize: (bytes) => JSON.stringify({ id: 1, connect: { version: 1, more: 'x'.repeat(bytes) } }),
};
