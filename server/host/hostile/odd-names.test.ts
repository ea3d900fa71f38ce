import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLocalToken } from '../local-token.ts';

/* Every call of the reference, with names in its address that no name is like. */

interface Operation {
  readonly 'x-tidewall-needs': string | object;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: object;
}

/** As they stand in an address. */
const NAMES: Readonly<Record<string, string>> = {
  'as it is in the reference': ':id',
  'in braces': '%7Bid%7D',
  nothing: '',
  'a space': '%20',
  'a list': 'a,b',
  'a list in brackets': '%5B%22a%22%5D',
  'an object': '%7B%22%24ne%22%3Anull%7D',
  'an asterisk': '*',
  'every name': '%23',
  'any name': '+',
  'a slash that is encoded': 'a%2Fb',
  'a slash that is encoded twice': 'a%252Fb',
  'a backslash': 'a%5Cb',
  'the folder above': '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  'an end of text': 'a%00b',
  'an end of line': 'a%0d%0aSet-Cookie:x=1',
  'what is no UTF-8': '%C3%28',
  'half of an escape': 'a%',
  'a prototype': '__proto__',
  'a constructor': 'constructor',
  'half of a character': '%ED%A0%80',
  'very long': 'x'.repeat(5000),
  'far too long': 'x'.repeat(30_000),
};

let host: TestHost;
let operator: Record<string, string>;
let calls: { method: string; path: string; operation: Operation }[];

beforeAll(async () => {
  host = await startTestHost({ settings: { host: '127.0.0.1', access: 'closed' } });
  operator = { authorization: `Bearer local:${(await readLocalToken(host.dataDir))?.token}` };
  const reference = (await (await fetch(`${host.url}/api/openapi.json`)).json()) as {
    paths: Record<string, Record<string, Operation>>;
  };
  calls = Object.entries(reference.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
});
afterAll(() => host.close());

async function ask(method: string, path: string, operation: Operation, headers: Record<string, string>) {
  const body = operation.requestBody !== undefined && { body: '{}' };
  const answer = await fetch(`${host.url}${path}`, { method, headers, redirect: 'manual', ...body });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

describe('[A6] a call with a name that is', () => {
  test.each(Object.entries(NAMES))('%s opens nothing to strangers and breaks nothing for others', async (_, name) => {
    const named = calls.filter(({ path }) => path.includes('{'));
    expect(named.length).toBeGreaterThan(15);
    for (const { method, path, operation } of named) {
      const asked = path.replaceAll(/\{\w+\}/g, name);
      const at = `${method} ${path}`;
      const stranger = await ask(method, asked, operation, {});
      // What has no such name may be another call, which lists what one may see.
      if (operation['x-tidewall-needs'] !== 'everybody' && name !== '')
        expect([at, stranger.status]).toEqual([at, expect.toBeOneOf([400, 401, 403, 404, 414, 431])]);
      const other = await ask(method, asked, operation, operator);
      expect([at, other.status, other.text.slice(0, 200)]).toEqual([at, expect.toSatisfy(inOrder), expect.anything()]);
      for (const { headers, text } of [stranger, other]) {
        expect(headers.get('set-cookie')).toBeNull();
        expect(text).not.toContain('root:');
      }
    }
  });

  test.each(['a&NAME=b', '', '%00', '__proto__', 'x'.repeat(10_000), '%5B%5D', '-1', '1e999'])(
    'in the query %j is one value, or is refused',
    async (value) => {
      const asking = calls.flatMap((call) =>
        call.operation.parameters
          .filter((parameter) => parameter.in === 'query')
          .map((parameter) => ({ ...call, query: parameter.name })),
      );
      expect(asking.length).toBeGreaterThan(10);
      for (const { method, path, operation, query } of asking) {
        const asked = `${path.replaceAll(/\{\w+\}/g, 'a')}?${query}=${value.replace('NAME', query)}`;
        const { status, text } = await ask(method, asked, operation, operator);
        expect([method, asked.slice(0, 80), status, text.slice(0, 200)]).toEqual([
          method,
          asked.slice(0, 80),
          expect.toSatisfy(inOrder),
          expect.anything(),
        ]);
        if (value.includes('&')) expect([asked, status]).toEqual([asked, expect.toBeOneOf([400, 404, 409])]);
      }
    },
  );
});

const inOrder = (status: number) => status < 500;
