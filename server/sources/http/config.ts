import { isJsonObject, type JsonValue } from '@tidewall/base';
import { z } from 'zod';
import { authField, headersFields, httpTlsFields, httpUrlField } from '../http-fields.ts';
import { outputFields } from '../output.ts';
import { checkPolling, pollingFields } from '../polling.ts';
import { checkPageRequest } from './check-page-request.ts';

const MOST_BODY_CHARACTERS = 256 * 1024;
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_ROWS = 100_000;

/** Labels that `TextDecoder` takes for what answers are written in. */
export const ENCODINGS = [
  'utf-8',
  'gbk',
  'gb18030',
  'big5',
  'shift_jis',
  'euc-kr',
  'utf-16le',
  'windows-1252',
] as const;

const scalar = z.union([z.string().max(8192), z.number(), z.boolean()]);
const scalars = (what: string) =>
  z
    .record(z.string().min(1).max(256), scalar)
    .refine((values) => Object.keys(values).length <= 100, 'must be at most 100')
    .optional()
    .describe(what);
const jsonPath = z.string().max(500);

const maxPages = z
  .int()
  .min(1)
  .max(1000)
  .default(10)
  .describe('pages that are asked for at most; the rest is left out');
const name = (standard: string) =>
  z.string().min(1).max(256).default(standard).describe('the parameter that says which');
const place = z
  .enum(['query', 'json'])
  .default('query')
  .describe('where it goes: into the query, or into the JSON that is sent');
const size = z.int().min(1).max(100_000);

const pagingField = z
  .discriminatedUnion('by', [
    z.strictObject({ by: z.literal('link').describe('the header `Link` names the next page'), maxPages }),
    z.strictObject({
      by: z.literal('next').describe('the answer names the address of the next page'),
      path: jsonPath.min(1).describe('where in the answer, like `links.next`'),
      maxPages,
    }),
    z.strictObject({
      by: z.literal('cursor').describe('the answer names what to ask the next page with'),
      path: jsonPath.min(1).describe('where in the answer, like `meta.cursor`'),
      parameter: name('cursor'),
      in: place,
      maxPages,
    }),
    z.strictObject({
      by: z.literal('page').describe('pages are numbered'),
      parameter: name('page'),
      in: place,
      first: z.int().min(0).max(1).default(1).describe('the number of the first'),
      size: size.optional().describe('rows of a full page: a shorter one is the last; when absent, an empty one is'),
      maxPages,
    }),
    z.strictObject({
      by: z.literal('offset').describe('pages begin at a row'),
      parameter: name('offset'),
      in: place,
      size: size.describe('rows of a full page: a shorter one is the last'),
      maxPages,
    }),
  ])
  .optional()
  .describe('how an answer in several pages is asked for');

const fields = {
  url: httpUrlField.describe('where it is asked; `:name` stands for a parameter in its path and its query'),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH']).default('GET').describe('how it is asked'),
  query: scalars('what is added to the query of the address'),
  ...headersFields,
  json: z.json().optional().describe('what is sent as JSON; a text `:name` in it becomes the value of a parameter'),
  form: scalars('what is sent as a form'),
  text: z.string().max(MOST_BODY_CHARACTERS).optional().describe('what is sent as it is, with a content-type of yours'),
  auth: authField,
  format: z
    .enum(['json', 'csv', 'ndjson', 'text'])
    .default('json')
    .describe('what the answer is: JSON, rows of CSV, a line of JSON for each row, or a text'),
  path: jsonPath.default('').describe('where the rows are in the JSON, like `data.items`; all of it when empty'),
  encoding: z
    .enum(ENCODINGS)
    .optional()
    .describe('what the answer is written in; as it says itself, or utf-8, when absent'),
  delimiter: z
    .string()
    .refine(
      (text) => text === 'auto' || /^[^"\r\n]$/.test(text),
      'must be auto, or one character, and no quote or line break',
    )
    .default('auto')
    .describe('what stands between the cells of CSV: one character, or auto, which finds out'),
  paging: pagingField,
  request: z
    .enum(['server', 'browser'])
    .default('server')
    .describe('who asks: the server, once for all who watch, or each page by itself'),
  maxRows: z.int().min(1).max(1_000_000).default(MAX_ROWS).describe('an answer of more rows is a failure'),
  maxBytes: z
    .int()
    .min(1)
    .max(256 * 1024 * 1024)
    .default(MAX_BYTES)
    .describe('a longer answer is a failure, all pages together'),
  ...httpTlsFields,
  ...outputFields(['table', 'state', 'series', 'log', 'signal'], 'table'),
  ...pollingFields,
};

/** Configuration of a source of kind `http`. */
export const httpConfigSchema = z.strictObject(fields).superRefine((config, context) => {
  checkPolling(config, context);
  checkBody(config, context);
  checkFormat(config, context);
  if (config.request === 'browser') checkPageRequest(config, context);
});

export type HttpConfig = z.output<typeof httpConfigSchema>;
export type Paging = NonNullable<HttpConfig['paging']>;
type Refinement = z.core.$RefinementCtx;

function complain(context: Refinement, path: string, message: string): void {
  context.addIssue({ code: 'custom', path: [path], message });
}

function checkBody({ method, json, form, text, paging }: HttpConfig, context: Refinement): void {
  const bodies = Object.entries({ json, form, text }).flatMap(([field, body]) => (body === undefined ? [] : [field]));
  const [first, second] = bodies;
  if (second !== undefined) complain(context, second, `cannot be sent beside ${first}`);
  if (first !== undefined && method === 'GET') complain(context, first, 'is not sent with GET; set method to POST');
  if (json !== undefined && JSON.stringify(json).length > MOST_BODY_CHARACTERS) {
    complain(context, 'json', `must have at most ${MOST_BODY_CHARACTERS} characters`);
  }
  const intoJson = paging !== undefined && 'in' in paging && paging.in === 'json';
  if (intoJson && !isJsonObject(json as JsonValue))
    complain(context, 'json', 'must be an object when paging goes into it');
}

function checkFormat({ format, path, paging, topicKind: kind }: HttpConfig, context: Refinement): void {
  if (format !== 'json' && path !== '') complain(context, 'path', 'is for JSON; of what else comes, all is taken');
  if (format === 'text' && (kind === 'table' || kind === 'series')) {
    complain(context, 'format', `must not be text when topicKind is ${kind}`);
  }
  if (paging === undefined) return;
  if (format === 'text') complain(context, 'paging', 'is for rows; a text has one page');
  if (format !== 'json' && 'path' in paging) complain(context, 'paging', `by ${paging.by} is for JSON`);
}
