import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FileShelf } from './file-shelf.ts';

let folder: string;
let shelf: FileShelf;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-shelf-'));
  shelf = await FileShelf.open({ folder, maxBytes: 1_000 });
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const textOf = (name: string) => readFile(join(folder, name), 'utf8');
const refusal = (put: Promise<unknown>) =>
  put.then(
    () => expect.unreachable(),
    (failure: { kind?: string }) => failure,
  );

/** An upload that ends like that after its first bytes. */
function breaking(code?: string): Readable {
  const failure = Object.assign(new Error('it breaks'), { code });
  return Readable.from(
    (async function* () {
      yield Buffer.from('half of');
      throw failure;
    })(),
  );
}

test('a file is there with all of it, and is listed by its name', async () => {
  await shelf.put('b.csv', Readable.from([Buffer.from('one'), Buffer.from('two')]));
  await shelf.put('a 数.csv', Readable.from([Buffer.from('x')]));
  expect(await textOf('b.csv')).toBe('onetwo');
  expect((await shelf.list()).map(({ name, bytes }) => [name, bytes])).toEqual([
    ['a 数.csv', 1],
    ['b.csv', 6],
  ]);
});

test.each([
  ['ECONNRESET', 'bad_request', 'the upload of a.csv broke off; nothing was changed'],
  ['ERR_STREAM_PREMATURE_CLOSE', 'bad_request', 'the upload of a.csv broke off; nothing was changed'],
  ['ENOSPC', 'storage_full', 'there is no room for a.csv; nothing was changed'],
  ['EIO', undefined, 'it breaks'],
])('an upload that ends with %s leaves the old file and nothing of the new one', async (code, kind, message) => {
  await shelf.put('a.csv', Readable.from([Buffer.from('old')]));
  expect(await refusal(shelf.put('a.csv', breaking(code)))).toMatchObject({ message, ...(kind && { kind }) });
  expect(await readdir(folder)).toEqual(['a.csv']);
  expect(await textOf('a.csv')).toBe('old');
});

test('one that is too long is refused as soon as it is, and leaves nothing', async () => {
  let sent = 0;
  const endless = Readable.from(
    (async function* () {
      for (;;) {
        sent += 100;
        yield Buffer.alloc(100);
      }
    })(),
  );
  expect(await refusal(shelf.put('a.csv', endless))).toMatchObject({ kind: 'limit_exceeded' });
  expect(sent).toBeLessThan(100_000);
  expect(await readdir(folder)).toEqual([]);
});

test('uploads of one name at once leave one of them, whole', async () => {
  const texts = Array.from({ length: 4 }, (_, i) => String(i).repeat(100));
  await Promise.all(texts.map((text) => shelf.put('a.csv', Readable.from([Buffer.from(text)]))));
  expect(await readdir(folder)).toEqual(['a.csv']);
  expect(texts).toContain(await textOf('a.csv'));
});

test('what an upload before a crash has left is no file, and the next one takes its place', async () => {
  await writeFile(join(folder, 'upload-1.part'), 'half of a file that was much longer');
  expect(await shelf.list()).toEqual([]);
  await shelf.put('a.csv', Readable.from([Buffer.from('new')]));
  expect(await readdir(folder)).toEqual(['a.csv']);
  expect(await textOf('a.csv')).toBe('new');
});

test.each([
  '',
  '.',
  '..',
  '../x',
  '/etc/passwd',
  'a/b',
  'a\\b',
  '.hidden',
  'x.part',
  'a\0b',
  'a\nb',
  '数'.repeat(86),
  '-rf',
])('nothing is put or deleted under the name %j', async (name) => {
  const content = Readable.from([Buffer.from('x')]);
  expect(await refusal(shelf.put(name, content))).toMatchObject({ kind: 'bad_request' });
  expect(await refusal(shelf.delete(name))).toMatchObject({ kind: 'bad_request' });
  expect(await readdir(folder)).toEqual([]);
});

test('a file that there is none of cannot be deleted, and one that there is is gone after that', async () => {
  expect(await refusal(shelf.delete('a.csv'))).toMatchObject({
    kind: 'bad_request',
    message: 'there is no file a.csv',
  });
  await shelf.put('a.csv', Readable.from([Buffer.from('x')]));
  await shelf.delete('a.csv');
  expect(await readdir(folder)).toEqual([]);
});

test('more uploads at once than there may be are told to wait, and an earlier process leaves nothing behind', async () => {
  await writeFile(join(folder, 'upload-9.part'), 'half');
  shelf = await FileShelf.open({ folder, maxBytes: 1_000 });
  expect(await readdir(folder)).toEqual([]);
  const held = Array.from({ length: 4 }, () => new PassThrough());
  const under = held.map((stream, i) => shelf.put(`f${i}`, stream));
  await vi.waitFor(async () => expect(await readdir(folder)).toHaveLength(4));
  await expect(shelf.put('more', Readable.from(['x']))).rejects.toMatchObject({ kind: 'busy' });
  for (const stream of held) stream.end('x');
  await Promise.all(under);
  await shelf.put('more', Readable.from(['x']));
});
