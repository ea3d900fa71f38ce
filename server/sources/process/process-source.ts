import { resolve } from 'node:path';
import type { JsonValue } from '@tidewall/base';
import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { OPERATIONS_OF_KIND, parseTopicName, TidewallError, type TopicName } from '@tidewall/protocol';
import { LineSplitter, MAX_LINE_BYTES } from '../line-splitter.ts';
import { Turns } from '../turns.ts';
import { Child } from './child.ts';
import type { ProcessConfig } from './config.ts';
import { createLineReader } from './line-reader.ts';

/** Each line that a program prints, as one publication. A program that ends with code 0 has said all. */
export class ProcessSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: ProcessConfig;
  readonly #context: SourceContext;
  readonly #topic: TopicName;

  constructor(config: ProcessConfig, context: SourceContext) {
    const { topicKind: kind, keyField, expectEveryMs } = config;
    this.#config = config;
    this.#context = context;
    this.#topic = config.topic ?? parseTopicName(context.name);
    this.topics = [
      {
        topic: this.#topic,
        kind,
        ...(keyField === undefined ? {} : { keyField }),
        ...(expectEveryMs === undefined ? {} : { expectEveryMs }),
      },
    ];
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { command, cwd, env } = this.#config;
    const { baseDir, clock } = this.#context;
    const child = await Child.start({ command, env, clock, cwd: resolve(baseDir, cwd ?? '.') });
    const stop = () => child.stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (signal.aborted) return;
      await this.#publishLines(child, sink, signal);
      const failure = await child.ended();
      if (failure !== undefined && !signal.aborted) throw new TidewallError('source_error', failure);
    } finally {
      signal.removeEventListener('abort', stop);
      await child.close();
    }
  }

  async #publishLines(child: Child, sink: Sink, signal: AbortSignal): Promise<void> {
    const splitter = new LineSplitter(() => sink.refused(`a line has more than ${MAX_LINE_BYTES} bytes`));
    const read = createLineReader(this.#config);
    // A chunk may hold thousands of lines, and those that are refused never wait for anything.
    const turns = new Turns(this.#context.clock);
    const publishAll = async (lines: Iterable<string>) => {
      for (const line of lines) {
        if (signal.aborted) return;
        const at = this.#context.clock.now();
        const reading = read(line, at);
        if (reading && 'refused' in reading) sink.refused(reading.refused);
        else if (reading) await this.#publish(sink, reading.data, at);
        await turns.step();
      }
    };
    // The loop asks for the next chunk when this one is published: until then the pipe fills, and the program waits.
    for await (const chunk of child.output()) {
      await publishAll(splitter.push(chunk));
      if (signal.aborted) return;
    }
    await publishAll(splitter.end());
  }

  async #publish(sink: Sink, data: JsonValue, at: number): Promise<void> {
    try {
      await sink.publish(this.#topic, OPERATIONS_OF_KIND[this.#config.topicKind][0], data, at);
    } catch (failure) {
      // A line that does not fit its topic is the line's fault; the next one may fit.
      if (!(failure instanceof TidewallError) || failure.kind !== 'shape_mismatch') throw failure;
      sink.refused(failure.message);
    }
  }
}
