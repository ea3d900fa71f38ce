import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/* Names that a spreadsheet would run where a cell begins with them. */
const FORMULAS = [
  "=cmd|' /C calc'!A0",
  '+1+1',
  '-1+1',
  '@SUM(1)',
  '\t=1+1',
  '\r=1+1',
  '=HYPERLINK("http://evil.example","x")',
];

let host: TestHost;
beforeAll(async () => {
  host = await startTestHost({ settings: { host: '127.0.0.1' } });
});
afterAll(() => host.close());

describe('[P2] what leaves', () => {
  test('of the audit is JSON, an entry a line, with a formula as no more than a text in it', async () => {
    for (const name of FORMULAS) await fetch(`${host.url}/api/keys/${encodeURIComponent(name)}`, { method: 'DELETE' });
    const answer = await fetch(`${host.url}/api/audit`);
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const lines = (await answer.text()).trim().split('\n');
    const named = lines.map((line) => (JSON.parse(line) as { on?: string }).on);
    expect(named).toEqual(expect.arrayContaining(FORMULAS));
    for (const line of lines) expect(line).toMatch(/^\{"/);
  });

  test('is JSON, lines of it, events or the text of metrics by every call of the reference: nothing leaves as CSV', async () => {
    const reference = (await (await fetch(`${host.url}/api/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { responses: Record<string, { content?: object }> }>>;
    };
    const types = Object.values(reference.paths).flatMap((methods) =>
      Object.values(methods).flatMap(({ responses }) =>
        Object.values(responses).flatMap(({ content }) => Object.keys(content ?? {})),
      ),
    );
    expect(types.length).toBeGreaterThan(50);
    expect(types.filter((type) => /csv|excel|spreadsheet|tab-separated/.test(type))).toEqual([]);
  });
});
