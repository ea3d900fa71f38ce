import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { HubPort, Log, Principal } from '@tidewall/contracts';
import { type ErrorName, TidewallError } from '@tidewall/protocol';
import { publishSchema } from '@tidewall/protocol/schema';
import { pathText, wrongPlaces } from '../issue-sentence.ts';
import { internalError } from './answer-errors.ts';
import { parseJsonBytes } from './json-text.ts';

export interface PublishManyOptions {
  readonly hub: HubPort;
  readonly principal: Principal;
  readonly log: Log;
  /** Told of each line that was refused. */
  refused(name: ErrorName): void;
  /** One line; a longer one is refused, and the lines after it are not. */
  readonly lineBytes: number;
  /** The whole body. */
  readonly bodyBytes: number;
}

const NEWLINE = 0x0a;
/** After so long with one body, everybody else gets a turn. */
const TURN_MS = 5;
/** Publications of one body that wait for their position at once. */
const MAX_BEGUN = 1000;

/**
 * Publishes a line each, in order, and answers a line each, in order, while lines still come in. A bad line gets its
 * error and stops no other. A client that does not read its answers is not read from either.
 *
 * @throws TidewallError when the body is empty, before anything is answered
 */
export async function publishMany(body: Readable, options: PublishManyOptions): Promise<Readable> {
  const answers = answerLines(body, options);
  const first = await answers.next();
  if (first.done === true) {
    throw new TidewallError(
      'bad_request',
      'the body is empty; it must hold one JSON object a line, like {"topic":"a/b","data":1}',
    );
  }
  return Readable.from(
    (async function* () {
      yield first.value;
      yield* answers;
    })(),
    { objectMode: false },
  );
}

/**
 * Answers, joined for each piece of the body that came in. Its publications are all begun in order before the first is
 * waited for, so that a broker can keep them together.
 */
async function* answerLines(body: Readable, options: PublishManyOptions): AsyncGenerator<string, void> {
  let number = 0;
  let turnBegan = performance.now();
  for await (const lines of splitLines(body, options)) {
    let answers = '';
    let begun: Promise<string>[] = [];
    const settle = async () => {
      answers += (await Promise.all(begun)).join('');
      begun = [];
    };
    for (const line of lines) {
      number++;
      // Publishing settles without the event loop turning: a body of cheap lines would keep it for itself.
      if (performance.now() - turnBegan > TURN_MS) {
        await settle();
        await setImmediate();
        turnBegan = performance.now();
      }
      if (begun.length >= MAX_BEGUN) await settle();
      if (line instanceof TidewallError || !isBlank(line)) begun.push(answerLine(line, number, options));
    }
    await settle();
    if (answers !== '') yield answers;
  }
}

async function answerLine(
  line: Uint8Array | TidewallError,
  number: number,
  options: PublishManyOptions,
): Promise<string> {
  try {
    if (line instanceof TidewallError) throw line;
    const { value } = parseJsonBytes(line, 'it');
    const result = publishSchema.safeParse(value);
    if (!result.success) {
      const [wrong] = wrongPlaces(result.error.issues, value);
      const path = pathText(wrong?.path ?? []);
      throw new TidewallError('bad_request', `${path === '' ? 'it' : path} ${wrong?.says ?? 'is wrong'}`, {
        detail: { path },
      });
    }
    const { hub, principal } = options;
    // A body may last for long: who may not be here any more publishes nothing more.
    const standing = principal.standing?.() ?? 'stands';
    if (standing !== 'stands') {
      throw new TidewallError('unauthenticated', `${principal.id} may not do this any more: show who you are again`);
    }
    const { epoch, offset } = await hub.publish(principal, result.data);
    return `${JSON.stringify({ epoch, offset })}\n`;
  } catch (failure) {
    if (failure instanceof TidewallError) return errorLine(number, failure, options);
    options.log.error({ err: failure, line: number }, 'a publication failed');
    return errorLine(number, internalError(failure), options);
  }
}

function errorLine(number: number, failure: TidewallError, { refused }: PublishManyOptions): string {
  refused(failure.kind);
  const body = failure.toBody();
  return `${JSON.stringify({ error: { ...body, message: `line ${number}: ${body.message}` } })}\n`;
}

/** The lines that each piece completes. An error stands for a line that is too long; one for the body ends it. */
async function* splitLines(
  body: Readable,
  { lineBytes, bodyBytes }: PublishManyOptions,
): AsyncGenerator<(Uint8Array | TidewallError)[], void> {
  let pieces: Buffer[] = [];
  let pending = 0;
  let total = 0;
  const tooLong = () => new TidewallError('limit_exceeded', `it is longer than ${lineBytes} bytes`);
  const finish = (last: Buffer) => {
    const line = pending + last.length > lineBytes ? tooLong() : Buffer.concat([...pieces, last]);
    pieces = [];
    pending = 0;
    return line;
  };
  // Leaving early must not destroy the request: that would cut the answer off too.
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    total += chunk.length;
    const lines: (Uint8Array | TidewallError)[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      lines.push(finish(chunk.subarray(from, end)));
      from = end + 1;
    }
    if (total > bodyBytes) {
      lines.push(
        new TidewallError(
          'limit_exceeded',
          `the body is larger than ${bodyBytes} bytes (http.bodyBytes); the rest was not read`,
        ),
      );
      yield lines;
      return;
    }
    pending += chunk.length - from;
    // Of a line that is too long already nothing is kept but its length.
    if (pending > lineBytes) pieces = [];
    else if (from < chunk.length) pieces.push(chunk.subarray(from));
    if (lines.length > 0) yield lines;
  }
  if (pending > 0) yield [finish(Buffer.alloc(0))];
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
