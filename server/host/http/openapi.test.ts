import { ERROR_MEANINGS } from '@tidewall/protocol';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: Record<
    string,
    { readonly description: string; readonly content: Record<string, { readonly schema: object }> }
  >;
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
}

let host: TestHost;
let document: Document;

beforeAll(async () => {
  host = await startTestHost();
  document = (await (await fetch(`${host.url}/api/openapi.json`)).json()) as Document;
  await fetch(`${host.url}/api/topics/a/b`, { method: 'POST', body: '{"v":1}' });
  await fetch(`${host.url}/api/topics/a/t?kind=table`, { method: 'POST', body: '{"id":1}' });
  const said = '{"kind":"table","keep":{"count":7},"schema":{"type":"object"},"retain":false}';
  await fetch(`${host.url}/api/topic-settings/a/+`, { method: 'PUT', body: said });
});

afterAll(() => host.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

const operationOf = (method: string, path: string): Operation => {
  const found = document.paths[path]?.[method];
  if (found === undefined) throw new Error(`${method} ${path} is not in the reference`);
  return found;
};

test('every call is in the reference once, with a summary and what it answers', () => {
  expect(document.openapi).toBe('3.1.0');
  expect(operations().map(({ method, path }) => `${method} ${path}`)).toEqual([
    'post /api/topics/{topic}',
    'get /api/topics/{topic}',
    'delete /api/topics/{topic}',
    'post /api/publish',
    'get /api/presence/{topic}',
    'get /api/topics',
    'get /api/topic-settings',
    'put /api/topic-settings/{pattern}',
    'delete /api/topic-settings/{pattern}',
    'get /api/screens',
    'get /api/screens/{id}',
    'get /api/components',
    'post /api/screens/{id}/elements/{element}/data',
    'patch /api/screens/{id}/variables',
    'get /api/keys',
    'post /api/keys',
    'post /api/keys/{id}/rotate',
    'patch /api/keys/{id}',
    'delete /api/keys/{id}',
    'get /api/sources',
    'post /api/sources',
    'get /api/source-kinds',
    'post /api/sources/test',
    'post /api/sources/preview',
    'get /api/sources/{name}',
    'put /api/sources/{name}',
    'delete /api/sources/{name}',
    'get /api/files',
    'put /api/files/{name}',
    'delete /api/files/{name}',
    'post /api/ingest/influx',
    'get /api/ingest/influx/ping',
    'post /api/ingest/influx/query',
    'get /api/ingest/influx/query',
    'post /api/ingest/prometheus',
    'post /api/ingest/otlp',
    'get /api/page-requests',
    'get /api/audit',
    'post /api/backup',
    'get /api/decision',
    'get /api/session',
    'post /api/session',
    'delete /api/session',
    'get /api/sign-in',
    'put /api/session/password',
    'post /api/setup',
    'get /api/users',
    'post /api/users',
    'patch /api/users/{name}',
    'delete /api/users/{name}',
    'put /api/users/{name}/password',
    'post /api/setup-link',
    'get /api/screens/{id}/shares',
    'post /api/screens/{id}/shares',
    'patch /api/screens/{id}/shares/{share}',
    'delete /api/screens/{id}/shares/{share}',
    'post /api/shares/{share}/open',
    'get /healthz',
    'get /readyz',
    'get /metrics',
    'get /api/openapi.json',
  ]);
  const ids = operations().map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { operation } of operations()) expect(operation.summary).not.toBe('');
});

test('parameters are those that the calls check', () => {
  const { parameters } = operationOf('post', '/api/topics/{topic}');
  expect(parameters.map(({ name, in: where, required }) => [name, where, required])).toEqual([
    ['topic', 'path', true],
    ['op', 'query', false],
    ['kind', 'query', false],
    ['at', 'query', false],
    ['Idempotency-Key', 'header', false],
  ]);
});

test('refusals are listed by status, with their names from the one table', () => {
  const { responses } = operationOf('post', '/api/topics/{topic}');
  expect(responses['422']?.description).toContain(`\`shape_mismatch\`: ${ERROR_MEANINGS.shape_mismatch}`);
  expect(Object.keys(responses)).toEqual(expect.arrayContaining(['200', '400', '403', '409', '413', '500']));
});

test('what the calls answer is what the reference says', async () => {
  const paths: Record<string, string> = {
    '/api/topics/{topic}': '/api/topics/a/b',
    '/api/presence/{topic}': '/api/presence/a/b',
    '/api/decision': '/api/decision?who=anybody&action=read&name=a',
    '/api/ingest/influx/query': '/api/ingest/influx/query?q=SHOW+DATABASES',
  };
  for (const { path, method, operation } of operations()) {
    // These need one that is there.
    if (method !== 'get' || path.startsWith('/api/screens/{id}') || path === '/api/sources/{name}') continue;
    const answer = await fetch(`${host.url}${paths[path] ?? path}`);
    expect(Object.keys(operation.responses)).toContain(String(answer.status));
    expect(answer.ok, path).toBe(true);
    if (answer.status === 204) continue;
    const [[type, content] = ['', undefined]] = Object.entries(operation.responses['200']?.content ?? {});
    expect(answer.headers.get('content-type')?.split(';')[0]).toBe(type.split(';')[0]);
    const text = await answer.text();
    // Of lines, the first.
    const body = type.includes('json') ? (JSON.parse(text.split('\n')[0] ?? '') as unknown) : text;
    const schema = z.fromJSONSchema(content?.schema as Parameters<typeof z.fromJSONSchema>[0]);
    expect(schema.safeParse(body), path).toMatchObject({ success: true });
  }
});
