import type { LookupAddress } from 'node:dns';
import { connect } from 'node:net';
import { TidewallError } from '@tidewall/protocol';
import { type TestServer, TestServers } from '@tidewall/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAddressList } from './address-list.ts';
import { createOutgoing } from './outgoing.ts';

const servers = new TestServers();
let server: TestServer;
beforeEach(async () => {
  server = await servers.http((_, response) => response.end('ok'));
});
afterEach(() => servers.close());

/** Answers for names in the order of its answers; the last one again and again. */
function resolver(...answers: readonly (readonly string[])[]) {
  let asked = 0;
  return (_host: string, _options: object, done: (failure: Error | null, addresses: LookupAddress[]) => void) => {
    const addresses = answers[Math.min(asked++, answers.length - 1)] ?? [];
    setImmediate(() =>
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      ),
    );
  };
}

interface Way {
  readonly allow?: readonly string[];
  readonly trusted?: boolean;
  readonly resolve?: ReturnType<typeof resolver>;
}
const outgoing = ({ allow = [], trusted = false, resolve }: Way = {}) =>
  createOutgoing({ allowed: parseAddressList(allow), trusted, ...(resolve && { resolve }) });

async function failureOf(asked: Promise<unknown>): Promise<string> {
  const failure = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(failure).toBeInstanceOf(TidewallError);
  expect((failure as TidewallError).kind).toBe('source_error');
  return (failure as Error).message;
}

describe('[O1] every spelling of a private address is refused', () => {
  const spellings = [
    ...['127.0.0.1', '127.1', '127.0.1', '0x7f.0.0.1', '0x7f000001', '2130706433', '017700000001', '0177.0.0.1'],
    ...['127.0.0.1.', '１２７.０.０.１', '127。0。0。1', '①②⑦.0.0.1', '⓪x7f.1', '%31%32%37.0.0.1', '127%2e0%2e0%2e1'],
    ...['localhost', 'LOCALHOST', 'localhost.', 'ｌｏｃａｌｈｏｓｔ', '0', '0.0.0.0', '000.0.0.0'],
    ...['[::1]', '[0:0:0:0:0:0:0:1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]'],
    ...['[64:ff9b::7f00:1]', '[2002:7f00:1::]', '[::ffff:0:7f00:1]', '[fe80::1]', '[ff02::1]', '224.0.0.1'],
    ...['10.0.0.1', '10.1', '167772161', '192.168.1.1', '3232235777', '0300.0250.1.1', '172.16.0.1', '100.64.0.1'],
    ...['169.254.169.254', '2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '[::ffff:a9fe:a9fe]', '[fd00:ec2::254]'],
  ];

  it.each(spellings)('in an address: http://%s', async (host) => {
    const asked = outgoing().request(`http://${host}:${server.port}/`);
    expect(await failureOf(asked)).toMatch(/may not be reached|is no address/);
    expect(server.reachedAt).toEqual([]);
  });

  it.each(spellings.filter((host) => !host.includes('%')))('as a host: %s', async (host) => {
    expect(await failureOf(outgoing().check(host))).toMatch(/may not be reached/);
  });

  it.each([
    'http://8.8.8.8@127.0.0.1:PORT/',
    'http://8.8.8.8:80@127.0.0.1:PORT/',
    'http://user:pass@127.0.0.1:PORT/',
    'http://example.com%40@127.0.0.1:PORT/',
    'http://127.0.0.1:PORT\\@8.8.8.8/',
    'http:\\\\127.0.0.1:PORT/',
    'http:127.0.0.1:PORT/',
    'http:////127.0.0.1:PORT/',
    'http://127.0.0.1\t:PORT/',
    'http://127.0.\n0.1:PORT/',
    'http://[::1%25lo]:PORT/',
    'http://127.0.0.1:PORT#@8.8.8.8/',
    'http://127.0.0.1:PORT?@8.8.8.8/',
  ])('behind a trick: %j', async (url) => {
    await failureOf(outgoing().request(url.replace('PORT', String(server.port))));
    expect(server.reachedAt).toEqual([]);
  });

  it.each([
    'ftp://8.8.8.8/',
    'file:///etc/passwd',
    'gopher://127.0.0.1/',
    'data:,x',
    'javascript:1',
    'unix:/run/x.sock',
  ])('and other ways than HTTP are none: %s', async (url) =>
    expect(await failureOf(outgoing({ trusted: true }).request(url))).toMatch(/http:\/\/ or https:\/\//),
  );

  it('whatever numbers and bases an address is written with', async () => {
    const part = fc.constantFrom<(n: number) => string>(
      (n) => String(n),
      (n) => `0x${n.toString(16)}`,
      (n) => `0X${n.toString(16).toUpperCase().padStart(4, '0')}`,
      (n) => `0${n.toString(8)}`,
    );
    const privates = fc.constantFrom<number[]>(
      [127, 0, 0, 1],
      [10, 9, 8, 7],
      [192, 168, 0, 1],
      [172, 20, 1, 1],
      [169, 254, 169, 254],
    );
    await fc.assert(
      fc.asyncProperty(
        privates,
        fc.integer({ min: 1, max: 4 }),
        fc.array(part, { minLength: 4, maxLength: 4 }),
        async (ip, parts, bases) => {
          // The last part holds all bytes that are left.
          const last = ip.slice(parts - 1).reduce<number>((sum, byte) => sum * 256 + byte, 0);
          const host = [...ip.slice(0, parts - 1), last].map((n, index) => bases[index]?.(n) ?? '').join('.');
          expect(await failureOf(outgoing().check(host))).toMatch(/may not be reached/);
          expect(await failureOf(outgoing().request(`http://${host}/`))).toMatch(/may not be reached/);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('[O2] who runs the server may lead into its own networks, and not to what is nobody’s', () => {
  it.each(['127.0.0.1', 'localhost', '2130706433', '[::ffff:127.0.0.1]', '127.7.7.7'])(
    '%s is reached',
    async (host) => {
      const answer = await outgoing({ trusted: true }).request(`http://${host}:${server.port}/`);
      expect(await answer.text()).toBe('ok');
    },
  );

  it.each([
    ...['169.254.169.254', '169.254.170.2', '0xa9fea9fe', '[fd00:ec2::254]', '[fe80::a9fe:a9fe]', '100.100.100.200'],
    ...['168.63.129.16', '192.0.0.192', '[::ffff:169.254.169.254]', '[64:ff9b::a9fe:a9fe]', '0.0.0.0', '[::]'],
    ...['255.255.255.255', '224.0.0.1', '[ff02::1]', '[fd20:ce::254]'],
  ])('%s is not', async (host) => {
    const asked = outgoing({ trusted: true }).request(`http://${host}:${server.port}/latest/meta-data/`);
    expect(await failureOf(asked)).toMatch(/nobody's, like those of a cloud's metadata, and may not be reached/);
    expect(server.reachedAt).toEqual([]);
  });

  it.each(['169.254.169.254', 'fd00:ec2::254', '100.100.100.200'])(
    'a name of the metadata (%s) is not',
    async (address) => {
      const names = outgoing({ trusted: true, allow: ['metadata.google.internal'], resolve: resolver([address]) });
      const message = await failureOf(names.request('http://metadata.google.internal/computeMetadata/v1/'));
      expect(message).toContain(`metadata.google.internal (${address}) is an address of nobody's`);
      expect(message).toContain(`outgoing.allow: ["${address}"]`);
    },
  );
});

describe('[O3] what the configuration allows is reached, and nothing beside it', () => {
  it.each([
    [['127.0.0.2'], '127.0.0.2'],
    [['127.0.0.0/30'], '127.0.0.2'],
    [['localhost'], 'localhost'],
    [['LOCALHOST.'], 'localhost'],
  ])('%j allows %s', async (allow, host) => {
    expect(await (await outgoing({ allow }).request(`http://${host}:${server.port}/`)).text()).toBe('ok');
  });

  it.each([
    [['127.0.0.2'], '127.0.0.3'],
    [['127.0.0.0/30'], '127.0.0.4'],
    [['localhost'], '127.0.0.1'],
    [['10.0.0.0/8'], 'localhost'],
    [['evil.localhost'], 'localhost'],
  ])('%j does not allow %s', async (allow, host) => {
    expect(await failureOf(outgoing({ allow }).request(`http://${host}:${server.port}/`))).toMatch(
      /may not be reached/,
    );
    expect(server.reachedAt).toEqual([]);
  });

  it('the refusal names the host, its address and the cure', async () => {
    const message = await failureOf(
      outgoing({ resolve: resolver(['10.0.0.5']) }).request('http://db.corp/x?key=s3cret'),
    );
    expect(message).toBe(
      'db.corp (10.0.0.5) is not a public address, and may not be reached; ' +
        'allow it in the configuration if you mean it: outgoing.allow: ["db.corp"]',
    );
  });
});

describe('[O4] it is the address that is connected to that is judged', () => {
  const url = (host = 'name.test') => `http://${host}:${server.port}/`;

  it('a name whose answer changes between the check and the connection leads nowhere', async () => {
    const resolve = resolver(['127.0.0.2'], ['127.0.0.3']);
    const asked = outgoing({ allow: ['127.0.0.2'], resolve }).request(url());
    expect(await failureOf(asked)).toContain('name.test (127.0.0.3)');
    expect(server.reachedAt).toEqual([]);
  });

  it('of the addresses of a name only those are tried that may be reached, in whatever order they come', async () => {
    for (const addresses of [
      ['127.0.0.3', '127.0.0.2'],
      ['127.0.0.2', '127.0.0.3'],
      ['::1', '127.0.0.2', '169.254.169.254'],
    ]) {
      const answer = await outgoing({ allow: ['127.0.0.2'], resolve: resolver(addresses) }).request(url());
      expect(await answer.text()).toBe('ok');
    }
    expect(server.reachedAt).toEqual(['127.0.0.2', '127.0.0.2', '127.0.0.2']);
  });

  it('a name with a public and a private address has only the public one', async () => {
    const { lookup } = outgoing({ resolve: resolver(['127.0.0.1', '8.8.8.8', '::1', '10.0.0.1', '2606:4700::1111']) });
    const addresses = await new Promise((resolve) => {
      lookup('name.test', { all: true }, (_failure, found) => resolve(found));
    });
    expect(addresses).toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ]);
  });

  it('the lookup for sockets judges too', async () => {
    const { lookup } = outgoing({ allow: ['127.0.0.2'], resolve: resolver(['127.0.0.3', '127.0.0.2']) });
    const socket = connect({ host: 'name.test', port: server.port, lookup });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    expect(socket.remoteAddress).toBe('127.0.0.2');
    socket.destroy();

    const refused = connect({
      host: 'name.test',
      port: server.port,
      lookup: outgoing({ resolve: resolver(['127.0.0.3']) }).lookup,
    });
    const failure = await new Promise<Error>((resolve) => refused.once('error', resolve));
    expect(failure.message).toContain('name.test (127.0.0.3) is not a public address');
  });

  it('a check gives the address that may be connected to', async () => {
    const resolve = resolver(['10.0.0.1', '127.0.0.2']);
    expect(await outgoing({ allow: ['127.0.0.2'], resolve }).check('name.test')).toBe('127.0.0.2');
    expect(await outgoing({ trusted: true }).check('[::1]')).toBe('::1');
  });

  it.each([
    ['a name that nobody knows', 'no-such-host.invalid', 'no-such-host.invalid cannot be found'],
    ['no name', '', 'a host without a name cannot be found'],
  ])('%s is told as such', async (_what, host, sentence) => {
    expect(await failureOf(outgoing().check(host))).toContain(sentence);
  });

  it('a resolver that never answers is given up after the time, and at once when it is aborted', async () => {
    const never = outgoing({ resolve: () => {} });
    expect(await failureOf(never.request(url(), { timeoutMs: 50 }))).toContain('cannot be found within 50 ms');
    const abort = new AbortController();
    const asked = never.request(url(), { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
  });
});

it.each(['http://user:s3cret@127.0.0.1:1/', 'http://127.0.0.1:s3cret@x:99999999/', 'user:s3cret@host/'])(
  'no sentence repeats what an address keeps secret: %s',
  async (url) => {
    const message = await failureOf(outgoing({ trusted: true }).request(url));
    expect(message).not.toContain('s3cret');
  },
);
