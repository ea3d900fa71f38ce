import type { CaseAnswer, CaseRequest, CaseSample, IngestCase } from '../ingest-case.contract.ts';
import { LINES, MORE_LINES } from './lines.contract.ts';

const headers = { 'content-type': 'text/plain; charset=utf-8' };
const request = (body: string | Uint8Array): CaseRequest => ({ body: Buffer.from(body as string), headers });

function line({ name, labels, t, value }: CaseSample): string {
  const tags = Object.entries(labels).map(([key, each]) => `,${escaped(key)}=${escaped(each)}`);
  return `${escaped(name)}${tags.join('')} value=${value} ${BigInt(t) * 1_000_000n}`;
}

function escaped(text: string): string {
  return text.replaceAll(/[,= ]/g, '\\$&');
}

function errorOf({ contentType, body }: CaseAnswer): string | undefined {
  if (contentType?.split(';')[0] !== 'application/json') return undefined;
  const { error, message, code } = JSON.parse(body) as Record<string, unknown>;
  // Version 1 has the one, version 2 the others.
  return typeof error === 'string' && message === error && typeof code === 'string' ? error : undefined;
}

const ingestCase: IngestCase = {
  encode: (samples) => request(samples.map(line).join('\n')),
  encodeMixed: (samples) => request(samples.map((sample) => `broken\n${line(sample)}`).join('\n')),
  unreadable: {
    'no line': [request('\u0000\u0001'), /unable to parse/],
    'names that are not UTF-8': [request(Buffer.from('c\xff value=1', 'latin1')), /names are not UTF-8/],
    'a text that is not UTF-8': [request(Buffer.from('cpu value="\xff"', 'latin1')), /text is not UTF-8/],
  },
  wellFormed: [...LINES, ...MORE_LINES].map(request),
  isSuccess: ({ status, body }) => status === 204 && body === '',
  isPartial: (answer, refused) =>
    answer.status === 400 && new RegExp(`^partial write: .+ dropped=${refused}$`).test(errorOf(answer) ?? ''),
  messageOf: errorOf,
  isRetried: ({ status }) => status >= 500,
};

export default ingestCase;
