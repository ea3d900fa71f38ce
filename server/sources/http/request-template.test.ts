import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { RequestTemplate, setInQuery, type Values } from '@tidewall/request';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpConfigSchema } from './config.ts';

const template = (config: object, values: Values = {}) => new RequestTemplate(httpConfigSchema.parse(config), values);
const urlOf = (url: string, values: Values = {}, more: object = {}) => template({ url, ...more }, values).bind().url;

describe('the address', () => {
  it('is what the configuration says, as it is written', () => {
    const url = 'http://h.test:81/a%2Fb/c%20d;v=1/?q=a+b&q=%20c&list=1,2&empty&e=#'.replace('#', '');
    expect(urlOf(url)).toBe(url);
  });

  it('has values in its path and its query, encoded for their place', () => {
    const values = { city: 'São Paulo/Sul', q: 'a&b=c#d+e%', n: 5 };
    expect(urlOf('http://h.test/cities/:city/x-:n.json?q=:q&n=:n&when=12:30', values)).toBe(
      'http://h.test/cities/S%C3%A3o%20Paulo%2FSul/x-5.json?q=a%26b%3Dc%23d%2Be%25&n=5&when=12:30',
    );
  });

  it('has what is added to its query in place of what has that name', () => {
    expect(urlOf('http://h.test/?a=1&b=2&a=3', { a: '9 9' }, { query: { a: ':a', c: true } })).toBe(
      'http://h.test/?b=2&a=9%209&c=true',
    );
    const url = new URL('http://h.test/?x%5B%5D=1&x=2');
    setInQuery(url, 'x[]', 'é');
    expect(url.search).toBe('?x=2&x%5B%5D=%C3%A9');
  });

  it.each([
    ...[
      '..',
      '.',
      '../admin',
      '..\\admin',
      'a/../../b',
      '%2e%2e',
      '%2E%2e/x',
      '%252e%252e',
      '. ./..',
      ' .. ',
      '/..',
      '',
    ],
    ...['a\r\nb', 'a\u0000', 'a\u007f', '\ud800'],
  ])('is never led elsewhere by a value: %j', (value) => {
    expect(() => urlOf('http://h.test/v1/:x/end', { x: value })).toThrow(/^the value .* of :x in url/);
  });

  it.each([
    ['.:x', '.'],
    [':x.', '.'],
    [':x:y', '.'],
  ])('is never led elsewhere by a step that is made of several: %s', (segment, value) => {
    expect(() => urlOf(`http://h.test/v1/${segment}/end`, { x: value, y: value })).toThrow(/is a step of a path/);
  });

  it('has no parameters where it says who is asked', () => {
    for (const url of ['http://:host/', 'http://h.test::port/', ':scheme://h.test/']) {
      expect(httpConfigSchema.safeParse({ url }).success).toBe(false);
    }
  });

  it('is never another host, another path or another part of the query, whatever the values', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '//evil.test',
        '@evil.test',
        '\\\\evil.test',
        'http://evil.test',
        '?x=1',
        '#',
        '/../',
        '%2f..%2f',
        '&a=b',
        '\t',
        '\n',
      ),
    );
    fc.assert(
      fc.property(text, text, (a, b) => {
        let url: URL;
        try {
          url = new URL(template({ url: 'http://h.test/one/:a/two?fixed=1&b=:b' }, { a, b }).bind().url);
        } catch (failure) {
          expect((failure as Error).message).toMatch(/^the value/);
          return;
        }
        expect(url.origin).toBe('http://h.test');
        const [, one, value = '', two, ...rest] = url.pathname.split('/');
        expect([one, two, rest]).toEqual(['one', 'two', []]);
        expect(decodeURIComponent(value)).toBe(a);
        expect([...url.searchParams.keys()]).toEqual(['fixed', 'b']);
        expect(url.searchParams.get('b')).toBe(Buffer.from(b).toString());
        expect(url.hash).toBe('');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a header', () => {
  it.each(['a\r\nx-evil: 1', 'a\nb', 'a\rb', 'a\u0000b', 'é', '上海', '\u2028'])('cannot be %j', (value) => {
    expect(() => template({ url: 'http://h.test', headers: { 'X-Region': ':r' } }, { r: value }).bind()).toThrow(
      /of headers\.X-Region is not printable ASCII on one line/,
    );
  });

  it('has its value, and its name in small letters', () => {
    const { headers } = template({ url: 'http://h.test', headers: { 'X-Region': ':r' } }, { r: 'a; b="c"' }).bind();
    expect(headers).toEqual({ 'x-region': 'a; b="c"' });
  });
});

describe('what is sent', () => {
  it('is JSON with the values as what they are', () => {
    const json = { query: 'q($x)', variables: { x: ':x', n: ':n', list: [':x', 1, null, '::x'], b: ':b' } };
    const values = { x: '"} , {"', n: 5, b: false };
    const { body, headers } = template({ url: 'http://h.test', method: 'POST', json }, values).bind();
    expect(headers).toEqual({ 'content-type': 'application/json' });
    expect(body).toEqual({
      type: 'json',
      value: { query: 'q($x)', variables: { x: '"} , {"', n: 5, list: ['"} , {"', 1, null, ':x'], b: false } },
    });
  });

  it('is JSON whose members keep their names, whatever they are', () => {
    const json = { ':x': ':x' };
    const { body } = template({ url: 'http://h.test', method: 'POST', json }, { x: 'v' }).bind();
    expect(JSON.stringify(body?.value)).toBe('{":x":"v"}');
  });

  it('is a form, or a text', () => {
    const form = template(
      { url: 'http://h.test', method: 'POST', form: { a: ':x', 'b c': true } },
      { x: 'é&=' },
    ).bind();
    expect(form.body).toEqual({ type: 'text', value: 'a=%C3%A9%26%3D&b%20c=true' });
    const text = template({ url: 'http://h.test', method: 'PUT', text: '<q>:x</q>' }, { x: 'a1' }).bind();
    expect(text.body).toEqual({ type: 'text', value: '<q>a1</q>' });
    const hostile = template({ url: 'http://h.test', method: 'PUT', text: '<q>:x</q>' }, { x: '<y/>' });
    expect(() => hostile.bind()).toThrow(/of x has more than letters/);
  });
});

it.each([
  [{ url: 'http://h.test/:regoin/x' }, ':regoin in url stands for a parameter ":regoin"'],
  [{ url: 'http://h.test/?q=:regoin' }, 'q in url stands for a parameter ":regoin"'],
  [{ url: 'http://h.test/', query: { a: ':regoin' } }, 'query.a stands for a parameter ":regoin"'],
  [{ url: 'http://h.test/', headers: { a: ':regoin' } }, 'headers.a stands for a parameter ":regoin"'],
  [{ url: 'http://h.test/', method: 'POST', json: { a: [{ b: ':regoin' }] } }, 'json.a.0.b stands for a parameter'],
  [{ url: 'http://h.test/', method: 'POST', form: { a: ':regoin' } }, 'form.a stands for a parameter ":regoin"'],
])('a parameter that there is none of is told at once: %j', (config, sentence) => {
  expect(() => template(config, { region: 'x' })).toThrow(sentence);
  expect(() => template(config, { region: 'x' })).toThrow('params names region');
});

it('sentences name what is asked without its query and its values', () => {
  expect(template({ url: 'http://h.test/a/:x?key=s3cret' }, { x: 'v' }).place).toBe('GET http://h.test/a/:x');
});

describe('a real server', () => {
  let server: Server;
  let port: number;
  const seen: { url: string | undefined; header: string | undefined; body: string }[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push({ url: request.url, header: request.headers['x-v'] as string, body: String(Buffer.concat(chunks)) });
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('is told each value in its place and nothing else, whatever the values', async () => {
    const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: true });
    const text = fc.string({ unit: 'grapheme-composite', minLength: 1 });
    await fc.assert(
      fc.asyncProperty(text, text, fc.stringMatching(/^[ -~]{1,20}$/), text, async (path, query, header, inBody) => {
        const config = {
          url: `http://127.0.0.1:${port}/a/:path/b?q=:query`,
          method: 'POST',
          headers: { 'x-v': ':header' },
          json: { is: ':body' },
        };
        let bound: ReturnType<RequestTemplate['bind']>;
        try {
          bound = template(config, { path, query, header, body: inBody }).bind();
        } catch {
          return;
        }
        const { url, method, headers, body } = bound;
        seen.length = 0;
        (await outgoing.request(url, { method, headers, body: JSON.stringify(body?.value) })).discard();
        expect(seen).toHaveLength(1);
        const asked = new URL(seen[0]?.url ?? '', 'http://x');
        expect(asked.pathname.split('/').map(decodeURIComponent)).toEqual(['', 'a', path, 'b']);
        expect([...asked.searchParams]).toEqual([['q', query]]);
        expect(seen[0]?.header).toBe(header.trim());
        expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ is: inBody });
      }),
      { numRuns: 30 },
    );
  });
});
