import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { parseTopicName, type TopicName } from '@tidewall/protocol';
import { PublishedTable } from '../published-table.ts';
import { ticks } from '../ticks.ts';
import type { HostConfig } from './config.ts';
import {
  HOST_TOPICS,
  type HostPublications,
  type HostTable,
  type HostTopic,
  levelsOf,
  ratesOf,
} from './publications.ts';
import { createOsReader } from './read-os.ts';
import { createProcReader } from './read-proc.ts';
import type { Reading, ReadMachine } from './reading.ts';
import { readSystem } from './system.ts';

/** Figures of this machine. The first reading only gives levels; rates are differences over the monotonic clock. */
export class HostSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: HostConfig;
  readonly #context: SourceContext;

  constructor(config: HostConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    this.topics = (Object.keys(HOST_TOPICS) as HostTopic[]).map((name) => ({
      topic: this.#topic(name),
      expectEveryMs: config.everyMs,
      ...HOST_TOPICS[name],
    }));
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { clock, limits } = this.#context;
    const read = readerFor(this.#config);
    const system = readSystem();
    const tables = new Map(
      (['disks', 'interfaces', 'processes'] as const).map((name) => {
        const { keyField } = HOST_TOPICS[name];
        return [
          name,
          new PublishedTable({ topic: this.#topic(name), keyField, pieceBytes: limits.publicationBytes, clock }),
        ] as const;
      }),
    );

    let before: Reading = await read(clock.monotonic());
    await this.#publish(sink, signal, levelsOf(before, system, clock.now()), tables, clock.now());
    for await (const at of ticks(clock, this.#config.everyMs, signal)) {
      const after = await read(clock.monotonic());
      await this.#publish(sink, signal, levelsOf(after, system, at), tables, at);
      await this.#publish(sink, signal, ratesOf(before, after, at, this.#config.processes), tables, at);
      // A table whose rows did not change was not published, and is fresh all the same.
      if (!signal.aborted) sink.healthy();
      before = after;
    }
  }

  async #publish(
    sink: Sink,
    signal: AbortSignal,
    { values, tables: rowsOf }: HostPublications,
    tables: ReadonlyMap<HostTable, PublishedTable>,
    at: number,
  ): Promise<void> {
    for (const [name, op, data] of values) {
      if (signal.aborted) return;
      await sink.publish(this.#topic(name), op, data, at);
    }
    for (const [name, rows] of rowsOf) {
      if (signal.aborted) return;
      await tables.get(name)?.update(sink, rows, signal);
    }
  }

  #topic(name: HostTopic): TopicName {
    return parseTopicName(`${this.#context.name}/${name}`);
  }
}

function readerFor({ procDir }: HostConfig): ReadMachine {
  if (procDir !== undefined) return createProcReader(procDir, '1');
  return process.platform === 'linux' ? createProcReader('/proc', 'self') : createOsReader(process.platform);
}
