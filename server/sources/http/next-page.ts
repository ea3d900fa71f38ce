import { isJsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import { type BoundRequest, setInQuery } from '@tidewall/request';
import { valueAt } from '@tidewall/transform';
import type { Paging } from './config.ts';

/** A page that came. */
export interface Page {
  /** Where it came from, after redirects. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** All of the answer, where it is JSON. */
  readonly whole: JsonValue | undefined;
  readonly rows: number;
  /** How many there were before it. */
  readonly rowsBefore: number;
  /** Of this one, the first being 0. */
  readonly index: number;
}

/** The first page, where paging says something of it too. */
export function firstPage(request: BoundRequest, paging: Paging | undefined): BoundRequest {
  if (paging?.by === 'page') return asking(request, paging, paging.first);
  if (paging?.by === 'offset') return asking(request, paging, 0);
  return request;
}

/**
 * What asks for the page behind one; undefined behind the last.
 *
 * @throws TidewallError source_error when it is on another host, which is not asked with what is meant for the first
 */
export function nextPage(request: BoundRequest, paging: Paging, page: Page): BoundRequest | undefined {
  switch (paging.by) {
    case 'link': {
      const next = nextLink(page.headers['link']);
      return next === undefined ? undefined : at(request, next, page.url);
    }
    case 'next': {
      const next = valueAt(page.whole ?? null, paging.path);
      if (next === undefined || next === null || next === '' || next === false) return undefined;
      if (typeof next === 'string') return at(request, next, page.url);
      throw new TidewallError('source_error', `${paging.path} (paging.path) of the answer is no address`);
    }
    case 'cursor': {
      const cursor = valueAt(page.whole ?? null, paging.path);
      if (cursor === undefined || cursor === null || cursor === '' || cursor === false) return undefined;
      if (typeof cursor === 'string' || typeof cursor === 'number') return asking(request, paging, cursor);
      throw new TidewallError('source_error', `${paging.path} (paging.path) of the answer is no text and no number`);
    }
    case 'page': {
      const last = page.rows === 0 || (paging.size !== undefined && page.rows < paging.size);
      return last ? undefined : asking(request, paging, paging.first + page.index + 1);
    }
    case 'offset':
      return page.rows < paging.size ? undefined : asking(request, paging, page.rowsBefore + page.rows);
  }
}

/** The address behind `rel="next"` of a header `Link` (RFC 8288). */
export function nextLink(header: string | undefined): string | undefined {
  for (const [, target = '', parameters = ''] of (header ?? '').matchAll(/<([^>]*)>((?:[^,"]|"(?:[^"\\]|\\.)*")*)/g)) {
    const named = [...parameters.matchAll(/;\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))/g)];
    const [, , quoted, plain = ''] = named.find(([, name = '']) => name.toLowerCase() === 'rel') ?? [];
    const relations = (quoted ?? plain).toLowerCase().split(/\s+/);
    if (relations.includes('next')) return target;
  }
  return undefined;
}

function asking(
  request: BoundRequest,
  { parameter, in: place }: { readonly parameter: string; readonly in: 'query' | 'json' },
  value: string | number,
): BoundRequest {
  if (place === 'query') {
    const url = new URL(request.url);
    setInQuery(url, parameter, String(value));
    return { ...request, url: url.href };
  }
  const { body } = request;
  const members = body?.type === 'json' && isJsonObject(body.value) ? { ...body.value } : {};
  setOwn(members, parameter, value);
  return { ...request, body: { type: 'json', value: members } };
}

function at(request: BoundRequest, next: string, from: string): BoundRequest {
  if (!URL.canParse(next, from)) throw new TidewallError('source_error', 'the next page is at what is no address');
  const asked = new URL(request.url);
  const url = new URL(next, from);
  // Behind a proxy many servers do not know that they are asked over TLS.
  const standard = url.port === '' && asked.port === '';
  if (standard && url.protocol === 'http:') url.protocol = asked.protocol;
  if (url.origin !== asked.origin || url.username !== '' || url.password !== '') {
    throw new TidewallError(
      'source_error',
      `the next page is at ${url.origin}, and what is meant for ${asked.origin} is told to no other host`,
    );
  }
  return { ...request, url: url.href };
}
