import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let host: TestHost;
let outside: string;
let shelf: string;

beforeAll(async () => {
  host = await startTestHost({ settings: { host: '127.0.0.1', http: { fileBytes: 1_000_000 } } });
  outside = await mkdtemp(join(tmpdir(), 'tidewall-outside-'));
  await put('first.csv', 'a\n1\n');
  const found = (await readdir(host.dataDir, { recursive: true, withFileTypes: true })).find(
    ({ name }) => name === 'first.csv',
  );
  shelf = found?.parentPath ?? '';
});
afterAll(async () => {
  await host.close();
  await rm(outside, { recursive: true, force: true });
});

const put = (name: string, body: string | Uint8Array, type = 'text/csv') =>
  fetch(`${host.url}/api/files/${encodeURIComponent(name)}`, {
    method: 'PUT',
    body: body as BodyInit,
    headers: { 'content-type': type },
  });

describe('[P3] an uploaded file', () => {
  test.each([
    ['page.html', 'text/html', '<script>alert(1)</script>'],
    ['picture.svg', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
    ['script.js', 'text/javascript', 'alert(1)'],
    ['data.csv', 'text/csv', '<html><script>alert(1)</script>'],
  ])('is served to nobody, whatever it is: %s', async (name, type, body) => {
    expect((await put(name, body, type)).status).toBe(200);
    const addresses = [
      `/api/files/${name}`,
      `/files/${name}`,
      `/${name}`,
      `/data/files/${name}`,
      `/assets/../files/${name}`,
      `/assets/%2e%2e/files/${name}`,
    ];
    for (const address of addresses) {
      const answer = await fetch(`${host.url}${address}`, { headers: { accept: 'text/html' } });
      expect([address, answer.status]).toEqual([address, expect.toBeOneOf([400, 404, 405])]);
      expect(await answer.text()).not.toContain('alert(1)');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  test('that is packed is kept as it came, and not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    expect(bomb.length).toBeLessThan(100_000);
    expect((await put('bomb.csv.gz', bomb, 'application/gzip')).status).toBe(200);
    expect(await readFile(join(shelf, 'bomb.csv.gz'))).toEqual(bomb);
    const zip = Buffer.from('PK\u0003\u0004../../evil.txt');
    expect((await put('bundle.zip', zip, 'application/zip')).status).toBe(200);
    expect(await readFile(join(shelf, 'bundle.zip'))).toEqual(zip);
  });

  test('takes the place of a link, and what it led to is as it was', async () => {
    const target = join(outside, 'precious');
    await writeFile(target, 'precious');
    await symlink(target, join(shelf, 'link.csv'));
    expect((await put('link.csv', 'mine')).status).toBe(200);
    expect(await readFile(target, 'utf8')).toBe('precious');
    expect((await lstat(join(shelf, 'link.csv'))).isSymbolicLink()).toBe(false);
    expect(await readFile(join(shelf, 'link.csv'), 'utf8')).toBe('mine');
  });

  test('that is larger than allowed is refused, with and without saying so, and leaves nothing', async () => {
    expect((await put('large.csv', 'x'.repeat(1_000_001))).status).toBe(413);
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(100_000)) });
    const streamed = fetch(`${host.url}/api/files/large.csv`, {
      method: 'PUT',
      body: endless,
      duplex: 'half',
    } as RequestInit);
    const status = await streamed.then(
      (answer) => answer.status,
      () => 413,
    );
    expect(status).toBe(413);
    expect(await readdir(shelf)).not.toContain('large.csv');
  });

  test('has a name of its own and no other: no path, no hidden file, nothing that is served', async () => {
    for (const name of [
      '../evil',
      '..',
      '.',
      '.htaccess',
      '/etc/passwd',
      'a/b',
      'a\\b',
      'a\0',
      'a\n',
      '-x',
      'con\u202egpj.exe',
      'x'.repeat(300),
      '',
    ]) {
      const answer = await put(name, 'evil');
      expect([name, answer.status]).toEqual([name, expect.toBeOneOf([400, 401, 404, 405])]);
    }
    const names = (await readdir(shelf)).sort();
    expect(names.filter((name) => !/^[\w][\w. -]*$/.test(name))).toEqual([]);
  });
});
