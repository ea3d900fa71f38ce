import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@tidewall/base';
import type { Counter, HubPort, Log, Meter, Principal } from '@tidewall/contracts';
import { type Limits, parseTopicName, TidewallError } from '@tidewall/protocol';
import { Batch, type BatchContext } from './batch.ts';
import type { ContentEncoding, IngestDefinition, IngestOutcome, NulledBy } from './ingest-definition.ts';
import { readBody } from './read-body.ts';
import { Refusals } from './refusals.ts';
import { SeriesBook } from './series-book.ts';
import type { IngestSettings } from './settings.ts';
import { WaitingBytes } from './waiting-bytes.ts';

/** Reading and publishing settle without the event loop turning: a long body would keep it for itself. */
const TURN_MS = 5;
/** Samples that are read between two looks at the clock. */
const SAMPLES_A_LOOK = 100;
/** Samples that are published together; what a longer body brings comes in several goes. */
const MOST_TOGETHER = 10_000;

export interface IngestOptions {
  readonly hub: HubPort;
  /** Who looks up what topics hold, and lets go of those that nothing was sent to for long: the server itself. */
  readonly principal: Principal;
  readonly settings: IngestSettings;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export interface IngestRequest {
  /** Who sends it, and may publish what. */
  readonly principal: Principal;
  readonly body: Readable;
  /** As the header says it; undefined: there is none. */
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  /** Parts that the names of the topics have behind the first. */
  readonly prefix: string | undefined;
  /** What the definition's `query` made of the other parameters. */
  readonly options: unknown;
}

/** That a request is said to be something that is not taken: what it is, and what is. */
export class UnsupportedType extends TidewallError {
  constructor(message: string) {
    super('bad_request', message);
  }
}

/** Takes what other people's tools send. */
export interface Ingest {
  /**
   * Publishes all that a body brings, as far as it can be, and tells what became of it.
   *
   * @throws TidewallError when nothing was taken, or when the same body should be sent again later; UnsupportedType
   */
  take(definition: IngestDefinition, request: IngestRequest): Promise<IngestOutcome>;
  dispose(): void;
}

export function createIngest(options: IngestOptions): Ingest {
  return new IngestOfHost(options);
}

class IngestOfHost implements Ingest {
  readonly #options: IngestOptions;
  readonly #book: SeriesBook;
  readonly #waiting: WaitingBytes;
  readonly #samples: Counter;
  readonly #repeated: Counter;
  readonly #refused: Counter;
  readonly #nulled: Counter;
  /** Resolves when whoever came before has begun all that it publishes. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: IngestOptions) {
    const { settings, meter } = options;
    this.#options = options;
    this.#book = new SeriesBook(options);
    this.#waiting = new WaitingBytes(settings.waitingBytes);
    const counter = (name: string, help: string, ...labels: string[]) =>
      meter.counter(`tidewall_ingest_${name}`, help, ['tool', ...labels]);
    this.#samples = counter('samples_total', 'Samples of other tools that were taken');
    this.#repeated = counter('repeated_total', 'Values that were there already, or came later than newer ones');
    this.#refused = counter('refused_total', 'Samples that were not taken, or not in whole', 'reason');
    this.#nulled = counter('nulls_total', 'Values that are null, since there is none or JSON cannot say it', 'reason');
    meter.gauge('tidewall_ingest_series', 'Series that other tools send', () => this.#book.size);
    meter.gauge('tidewall_ingest_waiting_bytes', 'Bodies that are being read', () => this.#waiting.bytes);
  }

  async take(definition: IngestDefinition, request: IngestRequest): Promise<IngestOutcome> {
    checkType(definition, request.contentType);
    const encoding = encodingOf(definition, request.contentEncoding);
    const head = this.#head(definition, request.prefix);
    const maxBytes = this.#options.settings.bodyBytes;
    const { bytes, release } = await readBody(request.body, { encoding, maxBytes, waiting: this.#waiting });
    try {
      return await this.#publish(definition, bytes, head, request);
    } finally {
      release();
    }
  }

  dispose(): void {
    this.#book.dispose();
  }

  /** What the names of the topics begin with. */
  #head({ kind }: IngestDefinition, prefix: string | undefined): string {
    const parts = [this.#options.settings.prefix, ...(prefix === undefined ? [] : [prefix]), kind];
    return parseTopicName(parts.join('/'));
  }

  async #publish(
    definition: IngestDefinition,
    body: Buffer,
    head: string,
    { principal, options }: IngestRequest,
  ): Promise<IngestOutcome> {
    const reader = definition.read(body, options, this.#options.settings);
    const refusals = new Refusals();
    const nulls = new Map<NulledBy, number>();
    let repeated = 0;
    const { clock } = this.#options;
    const context: Omit<BatchContext, 'monotonic'> = {
      ...this.#options,
      principal,
      book: this.#book,
      spellings: this.#book.spellings(head),
      refusals,
      nulls,
      now: clock.now(),
      repeated: (count) => {
        repeated += count;
      },
      step: createTurns(),
    };
    let kept = 0;
    let number = 0;
    for (let more = true; more; ) {
      const endTurn = await this.#myTurn();
      const batch = new Batch({ ...context, monotonic: clock.monotonic() }, number + 1);
      try {
        while (more && batch.number - number < MOST_TOGETHER) {
          more = reader.read(batch, SAMPLES_A_LOOK);
          const turn = context.step();
          if (turn !== undefined) await turn;
        }
      } finally {
        // What was read before the reader failed must not wait for the next one.
        await batch.publish(endTurn);
      }
      number = batch.number;
      kept += batch.kept;
    }
    this.#count(definition.kind, { kept, repeated, refusals, nulls });
    if (refusals.retry !== undefined) throw refusals.retry;
    return { kept, refusals };
  }

  /** Resolves when nobody else has samples that wait in their series. @returns what ends the turn */
  async #myTurn(): Promise<() => void> {
    const before = this.#turn;
    let end = () => {};
    this.#turn = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    return end;
  }

  #count(
    tool: string,
    {
      kept,
      repeated,
      refusals,
      nulls,
    }: { kept: number; repeated: number; refusals: Refusals; nulls: ReadonlyMap<NulledBy, number> },
  ): void {
    this.#samples.add(kept, { tool });
    if (repeated > 0) this.#repeated.add(repeated, { tool });
    for (const [reason, count] of refusals.byReason) this.#refused.add(count, { tool, reason });
    for (const [reason, count] of nulls) this.#nulled.add(count, { tool, reason });
  }
}

/** @throws UnsupportedType */
function checkType({ anyContentType, contentTypes }: IngestDefinition, said: string | undefined): void {
  // In which script it is written is always the same; other parameters say that it is something else.
  const type = said?.toLowerCase().replaceAll(/\s|;\s*charset=[^;]*/g, '');
  if (anyContentType || contentTypes.includes(type ?? '')) return;
  throw new UnsupportedType(`the content type must be ${contentTypes[0]}, ${quoted(said)}`);
}

/** @throws UnsupportedType */
function encodingOf({ encodings }: IngestDefinition, said: string | undefined): ContentEncoding {
  const encoding = said?.trim().toLowerCase() ?? 'identity';
  const known = encodings.find((each) => each === encoding);
  if (known !== undefined) return known;
  throw new UnsupportedType(`the content encoding must be ${encodings.join(' or ')}, ${quoted(said)}`);
}

function quoted(said: string | undefined): string {
  return said === undefined ? 'and the request does not say one' : `not ${JSON.stringify(said.slice(0, 100))}`;
}

/** Lets everybody else have a turn when this one has been long. */
function createTurns(): () => Promise<void> | undefined {
  let began = performance.now();
  return () => {
    if (performance.now() - began < TURN_MS) return undefined;
    return setImmediate().then(() => {
      began = performance.now();
    });
  };
}
