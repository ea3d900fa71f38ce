import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { type ParameterValue, TidewallError } from '@tidewall/protocol';
import { bindValue, hasParameters, isParameter, misfit, unknownParameter, type Values } from './bind-value.ts';
import { isHeaderText } from './header-text.ts';
import { type WebUrl, webUrl } from './web-url.ts';

/** What is sent, with all values in their places. */
export interface BoundRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RequestBody | undefined;
}

export type RequestBody =
  | { readonly type: 'json'; readonly value: JsonValue }
  | { readonly type: 'text'; readonly value: string };

/** What is asked, with places for parameters. */
export interface RequestSettings {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, ParameterValue>> | undefined;
  /** At most one of these is there. */
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, ParameterValue>> | undefined;
  readonly text?: string | undefined;
}

/** What a configuration asks, with places for parameters in the path, the query, the headers and the body. */
export class RequestTemplate {
  readonly #settings: RequestSettings;
  readonly #values: Values;

  /** @throws TidewallError bad_request naming a parameter that there is none of */
  constructor(settings: RequestSettings, values: Values) {
    this.#settings = settings;
    this.#values = values;
    for (const [place, text] of textsOf(settings)) {
      const unknown = unknownParameter(text, values);
      if (unknown === undefined) continue;
      const known = Object.keys(values);
      const cure = known.length === 0 ? 'params names none' : `params names ${known.join(', ')}`;
      throw new TidewallError(
        'bad_request',
        `${place} stands for a parameter ":${unknown}" that there is none of; ${cure}. The text itself is written "::${unknown}"`,
      );
    }
  }

  /** What is asked, as sentences name it: without a query, and with the names of parameters in place of values. */
  get place(): string {
    const { url, method } = this.#settings;
    const { origin, pathname } = webUrl(url);
    return `${method} ${origin}${pathname}`.slice(0, 200);
  }

  /** @throws TidewallError source_error naming the parameter whose value cannot stand in its place */
  bind(): BoundRequest {
    const { method, headers, query = {} } = this.#settings;
    const url = this.#url();
    for (const [name, value] of Object.entries(query)) setInQuery(url, name, String(this.#bound(value)));
    return {
      method,
      url: url.href,
      headers: { ...this.#contentType(), ...this.#headers(headers) },
      body: this.#body(),
    };
  }

  #url(): WebUrl {
    const template = webUrl(this.#settings.url);
    const segments = template.pathname.split('/').map((segment) => this.#segment(segment));
    const url = webUrl(template.href);
    url.pathname = segments.join('/');
    // What is not a parameter stays as it is written: servers differ in what they take for the same.
    const parts = template.search
      .slice(1)
      .split('&')
      .map((part) => this.#queryPart(part));
    url.search = parts.join('&');
    if (url.origin !== template.origin || url.pathname.split('/').length !== segments.length) {
      throw new TidewallError('source_error', `the values of parameters lead out of the path of ${this.place}`);
    }
    return url;
  }

  #segment(segment: string): string {
    if (!hasParameters(segment, this.#values)) return segment;
    const bound = String(bindValue(segment, this.#values, encoded));
    const value = isParameter(segment, this.#values) ? bound : (decoded(bound) ?? bound);
    // Those in between (proxies above all) may decode what is encoded, and then go by what it says.
    const steps = decodedFully(value)
      .split(/[/\\]/)
      .map((step) => step.trim());
    if (value === '' || steps.some((step) => step === '.' || step === '..')) {
      throw misfit(`${segment} in url`, value, 'would lead to another place: it is a step of a path');
    }
    if (/[\p{Cc}\p{Cs}]/u.test(value)) throw misfit(`${segment} in url`, value, 'holds what no address can');
    return isParameter(segment, this.#values) ? encoded(value) : bound;
  }

  #queryPart(part: string): string {
    const [name = '', ...rest] = part.split('=');
    const text = decoded(rest.join('=').replaceAll('+', ' '));
    if (text === undefined || !hasParameters(text, this.#values)) return part;
    return `${name}=${encoded(String(bindValue(text, this.#values)))}`;
  }

  #headers(headers: Readonly<Record<string, string>>): Record<string, string> {
    const bound = Object.entries(headers).map(([name, text]) => {
      const value = String(bindValue(text, this.#values));
      if (!isHeaderText(value))
        throw misfit(`headers.${name}`, value, 'is not printable ASCII on one line, as headers are');
      return [name.toLowerCase(), value] as const;
    });
    return Object.fromEntries(bound);
  }

  #contentType(): Record<string, string> {
    const { json, form, text } = this.#settings;
    if (json !== undefined) return { 'content-type': 'application/json' };
    if (form !== undefined) return { 'content-type': 'application/x-www-form-urlencoded' };
    return text === undefined ? {} : { 'content-type': 'text/plain; charset=utf-8' };
  }

  #body(): RequestBody | undefined {
    const { json, form, text } = this.#settings;
    if (json !== undefined) return { type: 'json', value: this.#json(json as JsonValue) };
    if (text !== undefined) return { type: 'text', value: String(bindValue(text, this.#values)) };
    if (form === undefined) return undefined;
    const parts = Object.entries(form).map(
      ([name, value]) => `${encoded(name)}=${encoded(String(this.#bound(value)))}`,
    );
    return { type: 'text', value: parts.join('&') };
  }

  #json(value: JsonValue): JsonValue {
    if (typeof value === 'string') return bindValue(value, this.#values);
    if (Array.isArray(value)) return value.map((item) => this.#json(item));
    if (!isJsonObject(value)) return value;
    const bound: JsonObject = {};
    for (const [name, member] of Object.entries(value)) setOwn(bound, name, this.#json(member));
    return bound;
  }

  #bound(value: ParameterValue): ParameterValue {
    return typeof value === 'string' ? bindValue(value, this.#values) : value;
  }
}

/** Sets one part of the query of an address, and leaves the others as they are written. */
export function setInQuery(url: Pick<WebUrl, 'search'>, name: string, value: string): void {
  const others = url.search
    .slice(1)
    .split('&')
    .filter((part) => part !== '' && !isNamed(part, name));
  url.search = [...others, `${encoded(name)}=${encoded(value)}`].join('&');
}

function isNamed(part: string, name: string): boolean {
  const [written = ''] = part.split('=');
  return (decoded(written.replaceAll('+', ' ')) ?? written) === name;
}

/** All texts that may stand for a parameter, with where they are. */
function* textsOf({
  url,
  query = {},
  headers,
  json,
  form = {},
  text,
}: RequestSettings): Generator<[place: string, text: string]> {
  const { pathname, searchParams } = webUrl(url);
  for (const segment of pathname.split('/')) yield [`${segment} in url`, segment];
  for (const [name, value] of searchParams) yield [`${name} in url`, value];
  for (const [field, record] of Object.entries({ query, headers, form })) {
    for (const [name, value] of Object.entries(record))
      if (typeof value === 'string') yield [`${field}.${name}`, value];
  }
  if (text !== undefined) yield ['text', text];
  if (json !== undefined) yield* textsOfJson(json as JsonValue, 'json');
}

function* textsOfJson(value: JsonValue, place: string): Generator<[place: string, text: string]> {
  if (typeof value === 'string') yield [place, value];
  else if (value !== null && typeof value === 'object') {
    for (const [name, member] of Object.entries(value)) yield* textsOfJson(member as JsonValue, `${place}.${name}`);
  }
}

/** A lone surrogate is no character of UTF-8. */
function encoded(text: string): string {
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd'));
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** What is encoded once more for each of those in between that decodes it. */
function decodedFully(text: string): string {
  let at = text;
  for (let next = decoded(at); next !== undefined && next !== at; next = decoded(at)) at = next;
  return at;
}
