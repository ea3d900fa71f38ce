import { launchBrowser } from '@tidewall/testkit';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openGatewayBed } from '../gateway-bed.contract.ts';
import { websocketGateway } from './server.ts';

/* Chromium offers compression of its own accord, and compresses everything that it sends once it was agreed on. */

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test('[W2] Chromium agrees on compression, is understood, and understands', async () => {
  const bed = await openGatewayBed(websocketGateway);
  const page = await browser.newPage();
  try {
    const exchange = page.evaluate(
      async ({ port, repeat }) => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'tidewall.v1.json');
        const lines: { id?: number; t?: number; d?: unknown }[] = [];
        const arrived = new Promise<void>((resolve, reject) => {
          socket.onmessage = ({ data }) => {
            lines.push(
              ...String(data)
                .split('\n')
                .map((line) => JSON.parse(line)),
            );
            if (lines.some(({ t }) => t !== undefined) && lines.some(({ id }) => id === 3)) resolve();
          };
          socket.onclose = ({ code, reason }) => reject(new Error(`${code} ${reason}`));
        });
        await new Promise((resolve) => {
          socket.onopen = resolve;
        });
        const data = { text: '潮汐'.repeat(repeat) };
        socket.send('{"id":1,"connect":{"version":1}}');
        socket.send('{"id":2,"subscribe":{"topic":"a/log","kind":"log"}}');
        socket.send(JSON.stringify({ id: 3, publish: { topic: 'a/log', data } }));
        await arrived;
        socket.onclose = null;
        const closed = new Promise<CloseEvent>((resolve) => {
          socket.onclose = resolve;
        });
        socket.close(1000, 'done');
        const { code, wasClean } = await closed;
        return { extensions: socket.extensions, push: lines.find(({ t }) => t !== undefined)?.d, code, wasClean };
      },
      { port: bed.port, repeat: 5000 },
    );
    let done = false;
    void exchange.finally(() => {
      done = true;
    });
    await bed.until(() => bed.meter.value('tidewall_gateway_connections', { gateway: 'websocket' }) === 1);
    while (!done) {
      await bed.clock.advance(1);
      await page.waitForTimeout(1);
    }
    const { extensions, push, code, wasClean } = await exchange;
    expect(extensions).toContain('permessage-deflate');
    expect(push).toEqual({ text: '潮汐'.repeat(5000) });
    expect({ code, wasClean }).toEqual({ code: 1000, wasClean: true });
    await bed.clock.advance(1000);
    // The push has 30,000 bytes and the answers some hundred: it can only have been compressed.
    expect(bed.meter.value('tidewall_bytes_written_total', { gateway: 'websocket' })).toBeLessThan(5000);
  } finally {
    await page.close();
    await bed.close();
  }
});
