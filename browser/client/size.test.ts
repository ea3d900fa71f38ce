import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { expect, test } from 'vitest';

/** Bytes of the SDK with its WebSocket transport and all that they pull in, minified and compressed. */
const BUDGET_BYTES = 12 * 1024;

test('the SDK fits into its budget, and pulls in no schema library', { timeout: 60_000 }, async () => {
  const input = {
    client: fileURLToPath(new URL('index.ts', import.meta.url)),
    websocket: fileURLToPath(import.meta.resolve('@tidewall/gateways/websocket/client')),
  };
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    // Not as a library: of those, Vite leaves the white space in.
    build: {
      write: false,
      minify: true,
      modulePreload: false,
      rolldownOptions: { input, preserveEntrySignatures: 'strict' },
    },
  });
  const outputs = [built].flat().flatMap((result) => ('output' in result ? result.output : []));
  const code = outputs.flatMap((chunk) => (chunk.type === 'chunk' ? [chunk.code] : []));
  expect(code.length).toBeGreaterThan(1);
  const bytes = code.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
  expect(bytes).toBeGreaterThan(1_000);
  expect(bytes, `${bytes} bytes compressed`).toBeLessThanOrEqual(BUDGET_BYTES);
  expect(code.join('')).not.toContain('ZodError');
});
