import { type ServerFrame, SUBPROTOCOL } from '@tidewall/protocol';
import { WebSocket } from 'ws';
import type { CaseClient, GatewayCase } from '../gateway-case.contract.ts';
import { websocketGateway } from './server.ts';

/** How the contract suite of gateways dials this one. */
export const gatewayCase: GatewayCase = {
  definition: websocketGateway,
  dial: (port) => dial(port, false),
  variants: [{ title: 'compressed', dial: (port) => dial(port, true) }],
  refused: [
    { title: 'text that is not JSON', input: '{"id":1,', code: 'bad_frame' },
    { title: 'a binary frame', input: new Uint8Array([1, 2, 3]), code: 'bad_frame' },
    { title: 'JSON too deep to read', input: '['.repeat(1000) + ']'.repeat(1000), code: 'bad_frame' },
  ],
  oversize: (bytes) => JSON.stringify({ id: 1, connect: { version: 1, more: 'x'.repeat(bytes) } }),
};

async function dial(port: number, compressed: boolean): Promise<CaseClient> {
  // Everything that it sends is compressed, as browsers do.
  const perMessageDeflate = compressed && { threshold: 0 };
  const ws = new WebSocket(`ws://127.0.0.1:${port}/ws`, SUBPROTOCOL, { perMessageDeflate });
  const lines: string[] = [];
  let wake = () => {};
  let over = false;
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    ws.on('close', (code, reason) => {
      over = true;
      resolve({ code, reason: String(reason) });
      wake();
    });
  });
  ws.on('message', (data) => {
    lines.push(...String(data).split('\n'));
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    ws.once('open', resolve);
    ws.on('error', reject);
  });
  if ((ws.extensions !== '') !== compressed) throw new Error(`agreed on extensions: "${ws.extensions}"`);
  return {
    send: (input) => ws.send(input),
    async next() {
      while (lines.length === 0) {
        if (over) throw new Error('the connection ended');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return JSON.parse(lines.shift() as string) as ServerFrame;
    },
    closed,
    pause: () => ws.pause(),
    resume: () => ws.resume(),
    vanish: () => ws.terminate(),
  };
}
