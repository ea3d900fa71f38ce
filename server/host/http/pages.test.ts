import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get as httpGet } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testScreen } from '../test-screen.ts';

const PORTAL = 'https://portal.example';
let folder: string;
let host: TestHost;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-web-'));
  await mkdir(join(folder, 'web', 'assets'), { recursive: true });
  await mkdir(join(folder, 'screens'));
  await writeFile(join(folder, 'canary.txt'), 'canary');
  await writeFile(join(folder, 'web', 'index.html'), '<!doctype html><title>viewer</title>');
  await writeFile(join(folder, 'web', 'favicon.svg'), '<svg/>');
  await writeFile(join(folder, 'web', '.secret'), 'canary');
  await writeFile(join(folder, 'web', 'assets', 'main-a1b2c3.js'), 'let x;');
  await writeFile(join(folder, 'web', 'assets', 'main-a1b2c3.js.gz'), gzipSync('let x;'));
  await writeFile(join(folder, 'screens', 'hall.json'), JSON.stringify(testScreen('hall')));
  const framed = { ...testScreen('framed'), embed: [PORTAL, 'http://10.0.0.7:8080'] };
  await writeFile(join(folder, 'screens', 'framed.json'), JSON.stringify(framed));
  host = await startTestHost({
    webDir: join(folder, 'web'),
    settings: { screens: join(folder, 'screens') },
  });
});

afterAll(async () => {
  await host.close();
  await rm(folder, { recursive: true, force: true });
});

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${host.url}${path}`, { headers });

/** Not with fetch, which says `no-cache` whenever it is given an entity tag. */
function statusFor(path: string, etag: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    httpGet(`${host.url}${path}`, { headers: { 'if-none-match': etag } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).on('error', reject);
  });
}

test('the list of screens and each screen are one page, never kept', async () => {
  for (const path of ['/', '/s/hall', '/s/hall?theme=jade']) {
    const answer = await get(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    expect(await answer.text()).toContain('<title>viewer</title>');
  }
});

test('an unknown screen is the same page, which helps, with status 404', async () => {
  const answer = await get('/s/hal');
  expect(answer.status).toBe(404);
  expect(await answer.text()).toContain('<title>viewer</title>');
});

describe('who may frame a screen', () => {
  const framing = async (at: string) => {
    const { headers } = await fetch(at);
    const policy = headers.get('content-security-policy') ?? '';
    return [/frame-ancestors ([^;]*)/.exec(policy)?.[1], headers.get('x-frame-options')];
  };
  test('stands in its document, and lets nobody into anything else', async () => {
    expect(await framing(`${host.url}/s/framed`)).toEqual([`'self' ${PORTAL} http://10.0.0.7:8080`, null]);
    for (const path of ['/', '/s/hall', '/s/none', '/login', '/setup']) {
      expect(await framing(`${host.url}${path}`)).toEqual(["'self'", 'SAMEORIGIN']);
    }
    for (const path of ['/api/screens/framed', '/favicon.svg']) {
      expect(await framing(`${host.url}${path}`)).toEqual(["'none'", 'DENY']);
    }
  });

  test('is told to nobody who may not see it', async () => {
    const closed = await startTestHost({
      webDir: join(folder, 'web'),
      settings: { screens: join(folder, 'screens'), access: 'closed' },
    });
    try {
      expect(await framing(`${closed.url}/s/framed`)).toEqual(["'self'", 'SAMEORIGIN']);
    } finally {
      await closed.close();
    }
  });
});

test('what has a hash in its name is kept for ever, the rest is asked for again', async () => {
  const script = await get('/assets/main-a1b2c3.js');
  expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(script.headers.get('content-type')).toMatch(/javascript/);
  expect(await script.text()).toBe('let x;');
  const icon = await get('/favicon.svg');
  expect(icon.headers.get('cache-control')).toBe('no-cache');
  expect(await statusFor('/favicon.svg', icon.headers.get('etag') ?? '')).toBe(304);
});

test('what was compressed when it was built is sent compressed', async () => {
  const script = await get('/assets/main-a1b2c3.js', { 'accept-encoding': 'gzip' });
  expect(script.headers.get('content-encoding')).toBe('gzip');
  expect(await script.text()).toBe('let x;');
});

test.each([
  '/../canary.txt',
  '/..%2fcanary.txt',
  '/%2e%2e/canary.txt',
  '/assets/..%2f..%2fcanary.txt',
  '/assets/..%5c..%5ccanary.txt',
  '//canary.txt',
  '/.secret',
  '/%00',
  '/s/..%2f..%2fcanary.txt',
])('nothing outside the folder is reached by %s', async (path) => {
  const answer = await get(path);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(await answer.text()).not.toContain('canary');
});

test('a page that is not there is a page for a browser and a line for a program', async () => {
  const page = await get('/nowhere', { accept: 'text/html,*/*' });
  expect(page.status).toBe(404);
  expect(await page.text()).toContain('<h1>There is nothing here</h1>');
  const text = await get('/nowhere', { accept: '*/*' });
  expect(text.status).toBe(404);
  expect(await text.text()).toBe('there is nothing here\n');
});

test('without a built viewer the page says how to build it', async () => {
  const bare = await startTestHost();
  try {
    const answer = await fetch(bare.url);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('npm run build');
  } finally {
    await bare.close();
  }
});
