import type { Sink, Source, SourceContext, SourceTopic } from '@tidewall/contracts';
import { OPERATIONS_OF_KIND, type Operation, parseTopicName, TidewallError } from '@tidewall/protocol';
import { outputTopic } from '../output.ts';
import { pause } from '../pause.ts';
import { publishMessage } from '../publish-message.ts';
import { Turns } from '../turns.ts';
import { isoTime } from '../wall-time.ts';
import type { ReplayConfig } from './config.ts';
import { withMovedTimes } from './moved-times.ts';
import { type NumberedLine, recordedLines } from './recorded-lines.ts';
import { ReplayPace } from './replay-pace.ts';

/** A line is what was published and what is said of it. */
const ENVELOPE_BYTES = 4 * 1024;
/** Names of topics that are told to be passed over. */
const MOST_TOLD = 20;

/** Plays a recording: what happened then happens again, at the same distances, while somebody watches. */
export class ReplaySource implements Source {
  readonly topics: readonly SourceTopic[];
  readonly #config: ReplayConfig;
  readonly #context: SourceContext;
  readonly #path: string;
  /** The topics of the recording by their names in it; undefined: there is one, whatever it is called. */
  readonly #byName: ReadonlyMap<string, SourceTopic> | undefined;

  /** @throws TidewallError source_error when it may not read that file; bad_request when a name is none of a topic */
  constructor(config: ReplayConfig, context: SourceContext) {
    const named = Object.entries(config.topics);
    this.#config = config;
    this.#context = context;
    this.#path = context.resolveFile(config.path);
    this.#byName = named.length === 0 ? undefined : new Map(named.map(([name, each]) => [name, topicOf(name, each)]));
    this.topics = [...(this.#byName?.values() ?? [outputTopic(config, context)])];
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { loop, loopGapMs } = this.#config;
    const { clock } = this.#context;
    while (!signal.aborted) {
      await this.#play(sink, signal);
      if (!loop || signal.aborted) return;
      await pause(clock, loopGapMs, signal);
    }
  }

  async #play(sink: Sink, signal: AbortSignal): Promise<void> {
    const { speed, maxGapMs } = this.#config;
    const { clock, limits } = this.#context;
    const pass = new Pass(this.#config, clock.now.bind(clock), sink);
    const turns = new Turns(clock);
    const told = new Set<string>();
    const lines = recordedLines(this.#path, limits.publicationBytes + ENVELOPE_BYTES, (why) => sink.refused(why));
    let pace: ReplayPace | undefined;
    let from: number | undefined;
    let last: number | undefined;
    for await (const line of lines) {
      await turns.step();
      if (signal.aborted) return;
      const topic = line && this.#topicOf(line, sink, told);
      if (line === undefined || topic === undefined) continue;
      last = line.at;
      from ??= this.#from(line.at);
      if (pace === undefined && line.at < from) {
        await pass.skip(line, topic);
        continue;
      }
      if (pace === undefined) {
        await pass.catchUp(signal);
        pace = new ReplayPace({ clock, speed, maxGapMs });
      }
      await pace.until(line.at, signal);
      if (signal.aborted) return;
      await pass.publish(line, topic);
    }
    if (pace !== undefined || signal.aborted) return;
    const behind = last === undefined ? '' : ` from ${new Date(from ?? 0).toISOString()} on (from)`;
    throw new TidewallError('source_error', `${this.#path} has no line that can be played${behind}`);
  }

  #from(firstAt: number): number {
    const { from } = this.#config;
    if (typeof from !== 'string') return firstAt + (from ?? 0);
    const { wallMs = 0, offsetMinutes = 0 } = isoTime(from) ?? {};
    return wallMs - offsetMinutes * 60_000;
  }

  /** Where a line goes; undefined when nowhere, which is told once for each name of a topic that is passed over. */
  #topicOf({ topic: name, kind, op, number }: NumberedLine, sink: Sink, told: Set<string>): SourceTopic | undefined {
    const topic = this.#byName === undefined ? this.topics[0] : this.#byName.get(name ?? '');
    if (topic === undefined) {
      const shown = name === undefined ? 'no topic' : `the topic ${JSON.stringify(name.slice(0, 100))}`;
      if (told.size === MOST_TOLD || told.has(shown)) return undefined;
      told.add(shown);
      sink.refused(`line ${number} is of ${shown}, which topics does not name; such lines are passed over`);
      return undefined;
    }
    if (kind !== undefined && kind !== topic.kind) {
      sink.refused(`line ${number} is of a ${kind}, and the topic ${topic.topic} is a ${topic.kind} (topicKind)`);
      return undefined;
    }
    const operations: readonly Operation[] = OPERATIONS_OF_KIND[topic.kind];
    if (op === undefined || operations.includes(op)) return topic;
    sink.refused(`line ${number} has the op ${op}, and a ${topic.kind} takes ${operations.join(', ')}`);
    return undefined;
  }
}

/** One time through the recording. */
class Pass {
  readonly #config: Pick<ReplayConfig, 'speed' | 'times'>;
  readonly #now: () => number;
  readonly #sink: Sink;
  /** The newest line before the start, of each topic that shows nothing else. */
  readonly #newest = new Map<SourceTopic, NumberedLine>();
  readonly #begun = new Set<SourceTopic>();

  constructor(config: Pick<ReplayConfig, 'speed' | 'times'>, now: () => number, sink: Sink) {
    this.#config = config;
    this.#now = now;
    this.#sink = sink;
  }

  /** Of what was before the start, a state has its newest value and a table its rows; the rest is over. */
  async skip(line: NumberedLine, topic: SourceTopic): Promise<void> {
    const isWhole = topic.kind === 'state' && line.op !== 'merge';
    if (isWhole) this.#newest.set(topic, line);
    else if (topic.kind === 'table' || topic.kind === 'state') {
      await this.#publishNewest(topic);
      await this.publish(line, topic);
    }
  }

  async catchUp(signal: AbortSignal): Promise<void> {
    for (const topic of [...this.#newest.keys()]) {
      if (signal.aborted) return;
      await this.#publishNewest(topic);
    }
  }

  async #publishNewest(topic: SourceTopic): Promise<void> {
    const line = this.#newest.get(topic);
    this.#newest.delete(topic);
    if (line !== undefined) await this.publish(line, topic);
  }

  async publish({ at, op, data, number }: NumberedLine, topic: SourceTopic): Promise<void> {
    const { speed, times } = this.#config;
    const isRecorded = times === 'recorded';
    const now = this.#now();
    const moved = isRecorded ? data : withMovedTimes(topic.kind, data, (t) => Math.round(now + (t - at) / speed));
    // The past of a series that is played again would stand there twice.
    const isAgain = isRecorded && topic.kind === 'series' && !this.#begun.has(topic);
    this.#begun.add(topic);
    const [standard] = OPERATIONS_OF_KIND[topic.kind];
    const sink = {
      publish: () =>
        this.#sink.publish(topic.topic, isAgain ? 'replace' : (op ?? standard), moved, isRecorded ? at : now),
      refused: (reason: string) => this.#sink.refused(`line ${number}: ${reason}`),
    };
    await publishMessage(sink, topic, { data: moved }, now);
  }
}

function topicOf(name: string, { topic, topicKind: kind, keyField }: ReplayConfig['topics'][string]): SourceTopic {
  const keyed = kind === 'table' ? { keyField: keyField ?? 'id' } : {};
  return { topic: topic ?? parseTopicName(name), kind, ...keyed };
}
