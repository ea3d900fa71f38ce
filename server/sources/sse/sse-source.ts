import { type JsonValue, parseJson } from '@tidewall/base';
import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { parseTopicName, TidewallError, type TopicName } from '@tidewall/protocol';
import { RequestTemplate } from '@tidewall/request';
import { valueAt } from '@tidewall/transform';
import { matchesJson } from '../json-pattern.ts';
import { LinkedAbort } from '../linked-abort.ts';
import { messageTopic } from '../message-fields.ts';
import { pause } from '../pause.ts';
import { publishMessage } from '../publish-message.ts';
import { readMessage } from '../read-message.ts';
import { Turns } from '../turns.ts';
import type { SseConfig } from './config.ts';
import { openStream } from './event-stream.ts';
import { EventStreamParser, type StreamPart } from './event-stream-parser.ts';
import { Silence } from './silence.ts';

/** Until a stream that has ended is asked for again, where it says nothing of it; as browsers do. */
const STANDARD_RETRY_MS = 3_000;
const LEAST_RETRY_MS = 100;
const MOST_RETRY_MS = 60_000;
/** The far end is said to be well no more often. */
const BEAT_MS = 1_000;

type Event = Extract<StreamPart, { readonly type: 'event' }>;

/** Events that go to one topic, and what of them. */
interface Pick {
  readonly topic: TopicName;
  readonly event?: string | undefined;
  readonly where?: JsonValue | undefined;
  readonly path?: string | undefined;
}

/** The events of one stream over HTTP, each to the topics that it is for. */
export class SseSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: SseConfig;
  readonly #context: SourceContext;
  readonly #template: RequestTemplate;
  readonly #picks: readonly Pick[];
  /** What was published up to; it outlives a run, so that the next one goes on there. */
  #lastEventId: string;
  /** What the stream has said last of when to come back. */
  #retryMs: number | undefined;
  /** The far end is not asked before, by the monotonic clock. */
  #notBefore = 0;
  #beatAt = Number.NEGATIVE_INFINITY;

  /** @throws TidewallError bad_request naming a parameter that there is none of */
  constructor(config: SseConfig, context: SourceContext) {
    const { topics, eventField, lastEventId = '', url, headers } = config;
    const named = Object.entries(topics);
    this.#config = config;
    this.#context = context;
    const ask = {
      url,
      headers,
      method: 'GET',
      query: undefined,
      json: undefined,
      form: undefined,
      text: undefined,
    } as const;
    this.#template = new RequestTemplate(ask, context.params);
    this.#lastEventId = lastEventId;
    this.#picks =
      named.length === 0
        ? [{ topic: parseTopicName(context.name) }]
        : named.map(([topic, pick]) => ({ topic: parseTopicName(topic), ...pick }));
    this.topics = this.#picks.map(({ topic }) => messageTopic(topic, config, eventField));
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#untilAllowed(signal);
      const stream = new LinkedAbort(signal);
      try {
        if (!(await this.#follow(sink, stream))) return;
      } catch (failure) {
        if (signal.aborted) return;
        throw failure;
      } finally {
        stream.abort();
        stream.letGo();
        // Whoever comes after nobody watched finds it at once.
        if (!signal.aborted) this.#notBefore = this.#context.clock.monotonic() + this.#backInMs;
      }
    }
  }

  get #backInMs(): number {
    return Math.min(MOST_RETRY_MS, Math.max(LEAST_RETRY_MS, this.#retryMs ?? STANDARD_RETRY_MS));
  }

  async #untilAllowed(signal: AbortSignal): Promise<void> {
    const waitMs = this.#notBefore - this.#context.clock.monotonic();
    if (waitMs > 0) await pause(this.#context.clock, waitMs, signal);
  }

  /** Until the stream ends by itself. @returns whether there is more to come */
  async #follow(sink: Sink, stream: LinkedAbort): Promise<boolean> {
    const { clock, outgoing } = this.#context;
    const { timeoutMs, deadMs } = this.#config;
    const { place } = this.#template;
    const silence = new Silence(clock, (failure) => stream.abort(failure));
    try {
      const request = this.#template.bind();
      silence.allow(timeoutMs, (ms) => `${place} does not answer within ${ms} ms (timeoutMs)`);
      const ask = { config: this.#config, outgoing, request, place, lastEventId: this.#lastEventId };
      const response = await openStream({ ...ask, signal: stream.signal });
      if (response === undefined) return false;
      sink.healthy();
      silence.allow(deadMs, (ms) => `${place} has said nothing for ${ms} ms (deadMs)`);
      const parser = new EventStreamParser(this.#lastEventId);
      let said = false;
      for await (const bytes of response.body) {
        said = true;
        // While what came is published, nobody listens.
        await silence.without(() => this.#take(parser, bytes, sink, stream.signal));
        if (stream.signal.aborted) break;
      }
      stream.signal.throwIfAborted();
      if (said) return true;
      throw new TidewallError('source_error', `${place} ends its stream without a word`);
    } finally {
      silence.end();
    }
  }

  async #take(parser: EventStreamParser, bytes: Uint8Array, sink: Sink, signal: AbortSignal): Promise<void> {
    const turns = new Turns(this.#context.clock);
    for (const part of parser.push(bytes)) {
      if (signal.aborted) return;
      switch (part.type) {
        case 'event':
          await this.#publish(part, sink);
          if (!signal.aborted) this.#lastEventId = part.id;
          break;
        case 'id':
          this.#lastEventId = part.id;
          break;
        case 'retry':
          this.#retryMs = part.ms;
          break;
        case 'refused':
          sink.refused(part.reason);
          break;
        case 'beat':
          this.#beat(sink);
          break;
      }
      await turns.step();
    }
  }

  #beat(sink: Sink): void {
    const now = this.#context.clock.monotonic();
    if (now - this.#beatAt < BEAT_MS) return;
    this.#beatAt = now;
    sink.healthy();
  }

  async #publish({ name, data }: Event, sink: Sink): Promise<void> {
    const at = this.#context.clock.now();
    const { topicKind: kind, eventField } = this.#config;
    const by = eventField === undefined ? undefined : { field: eventField, name };
    let json: JsonValue | undefined;
    for (const { topic, event, where, path } of this.#picks) {
      if (event !== undefined && event !== name) continue;
      if (where !== undefined || path !== undefined) json ??= jsonOf(data);
      if (where !== undefined && !matchesJson(where, json)) continue;
      const part = path === undefined || json === undefined ? undefined : valueAt(json, path);
      if (path !== undefined && part === undefined) {
        sink.refused(`an event for ${topic} has nothing at ${path}`);
        continue;
      }
      const text = part === undefined ? data : JSON.stringify(part);
      await publishMessage(sink, { topic, kind }, readMessage(text, at, this.#config, by), at);
    }
  }
}

function jsonOf(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
