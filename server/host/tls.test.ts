import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { createTestAuthority, FakeClock, startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createMetrics } from './metrics.ts';
import { TlsFiles } from './tls-files.ts';

const authority = createTestAuthority();
let folder: string;
const file = (name: string) => join(folder, name);
const lay = async ({ cert, key } = authority.issue('DNS:localhost', 'IP:127.0.0.1')) => {
  await writeFile(file('cert.pem'), cert);
  await writeFile(file('key.pem'), key);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-tls-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a server with a certificate', () => {
  let host: TestHost;

  beforeAll(async () => {
    await lay();
    host = await startTestHost({
      settings: { host: '127.0.0.1', tls: { cert: file('cert.pem'), key: file('key.pem') }, listen: { 'koa-http': 0 } },
    });
  });
  afterAll(() => host.close());

  const ask = (path: string, method = 'GET', body?: string) =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const options = { method, ca: authority.ca, agent: false as const };
      request(`${host.url}${path}`, options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () => resolve({ status: response.statusCode, text }));
      })
        .on('error', reject)
        .end(body);
    });

  test('speaks HTTP and WebSocket over TLS, on every port, and nothing else', async () => {
    expect(host.url).toMatch(/^https:/);
    expect((await ask('/api/topics/a', 'POST', '42')).status).toBe(200);
    expect((await ask('/api/topics/a')).text).toContain('"data":42');
    await expect(fetch(host.url.replace('https', 'http'))).rejects.toThrow();
    await expect(fetch(`http://127.0.0.1:${host.ports['koa-http']}/api/a`)).rejects.toThrow();

    const socket = new WebSocket(`${host.url.replace('https', 'wss')}/ws`, 'tidewall.v1.json', { ca: authority.ca });
    const lines: string[] = [];
    socket.on('message', (text) => lines.push(...String(text).split('\n')));
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.send('{"id":1,"connect":{"version":1}}\n{"id":2,"subscribe":{"topic":"a"}}');
    await expect.poll(() => lines.some((line) => line.includes('"d":42'))).toBe(true);
    // More than one write of TLS can hold, from a server that shares its bytes.
    await ask('/api/topics/a', 'POST', JSON.stringify('潮'.repeat(50_000)));
    await expect.poll(() => lines.some((line) => line.includes('潮'.repeat(50_000)))).toBe(true);
    socket.terminate();
  });

  test('takes no older TLS than 1.2', async () => {
    const tried = (maxVersion: 'TLSv1.1' | 'TLSv1.2') =>
      new Promise<string>((resolve) => {
        const options = {
          port: host.port,
          host: '127.0.0.1',
          ca: authority.ca,
          maxVersion,
          minVersion: 'TLSv1' as const,
        };
        const socket = connect({ ...options, ciphers: 'DEFAULT:@SECLEVEL=0' }, () => {
          resolve(socket.getProtocol() ?? '');
          socket.destroy();
        });
        socket.on('error', () => resolve('refused'));
      });
    expect(await tried('TLSv1.1')).toBe('refused');
    expect(await tried('TLSv1.2')).toBe('TLSv1.2');
  });
});

describe('the files of a certificate', () => {
  let clock: FakeClock;
  let said: string[];
  let files: TlsFiles | undefined;

  beforeEach(async () => {
    clock = new FakeClock();
    clock.jump(Date.now() - clock.now());
    said = [];
    await lay();
  });
  afterEach(() => files?.dispose());

  const open = async () => {
    const log = { debug() {}, info: keep, warn: keep, error: keep };
    const given = { certFile: file('cert.pem'), keyFile: file('key.pem'), clock, log, meter: createMetrics() };
    files = await TlsFiles.open(given);
    return files;
  };
  const keep = (_: object, text: string) => void said.push(text);

  test.each(['h2', 'http/1.1'])(
    'are looked at again: another pair is shown to those who speak %s then',
    async (speaks) => {
      const host = await startTestHost({
        settings: { host: '127.0.0.1', tls: { cert: file('cert.pem'), key: file('key.pem') } },
        clock,
      });
      try {
        const shown = () =>
          new Promise<PeerCertificate>((resolve, reject) => {
            const whereTo = { port: host.port, host: '127.0.0.1', ca: authority.ca, ALPNProtocols: [speaks] };
            const socket = connect(whereTo, () => {
              expect(socket.alpnProtocol).toBe(speaks);
              resolve(socket.getPeerCertificate());
              socket.destroy();
            });
            socket.on('error', reject);
          });
        const before = await shown();
        await lay();
        // The host looks by its clock, and reads the disk then.
        await expect
          .poll(async () => {
            await clock.advance(10_000);
            return (await shown()).serialNumber === before.serialNumber;
          })
          .toBe(false);
      } finally {
        await host.close();
      }
    },
  );

  test('that do not fit leave what was there, and that is said once', async () => {
    const tls = await open();
    const before = tls.context;
    await writeFile(file('key.pem'), authority.issue('DNS:x').key);
    await tls.look();
    await tls.look();
    expect(tls.context).toBe(before);
    expect(said.filter((text) => text.includes('they are not of each other'))).toHaveLength(1);
    await rm(file('cert.pem'));
    await tls.look();
    expect(said.at(-1)).toContain('cert.pem cannot be read: ENOENT');
    await lay();
    await tls.look();
    expect(tls.context).not.toBe(before);
  });

  test('that end soon, or have ended, are told', async () => {
    await open();
    expect(said).toEqual([expect.stringMatching(/ends in 2 days$/)]);
    files?.dispose();
    clock.jump(3 * 86_400_000);
    await open();
    expect(said.at(-1)).toMatch(/has ended: browsers refuse it$/);
  });

  test.each([
    ['no PEM', () => writeFile(file('cert.pem'), 'hello'), 'they are no PEM of such'],
    ['not there', () => rm(file('key.pem')), /tls\.key: .+key\.pem cannot be read: ENOENT/],
    ['not of each other', () => writeFile(file('key.pem'), authority.issue('DNS:x').key), 'they are not of each other'],
  ])('that are %s keep it from starting, with both names and without what is in them', async (_, damage, says) => {
    const body = (await readFile(file('key.pem'), 'utf8')).split('\n').filter((line) => !line.startsWith('-----'));
    await damage();
    const failure = await open().then(
      () => 'started',
      ({ message }: Error) => message,
    );
    expect(failure).toMatch(says);
    for (const line of body.filter(Boolean)) expect(failure).not.toContain(line);
  });
});
