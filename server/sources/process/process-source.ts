import { resolve } from 'node:path';
import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { withoutSecrets } from '../http-credentials.ts';
import { LineSplitter, MAX_LINE_BYTES } from '../line-splitter.ts';
import { outputTopic } from '../output.ts';
import { pause } from '../pause.ts';
import { publishMessage } from '../publish-message.ts';
import { Turns } from '../turns.ts';
import { Child } from './child.ts';
import type { ProcessConfig } from './config.ts';
import { createLineReader } from './line-reader.ts';

/**
 * Each line that a program prints, as one publication, for all who watch. A program that ends with code 0 has said all,
 * unless it is to be started again and again.
 */
export class ProcessSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: ProcessConfig;
  readonly #context: SourceContext;

  constructor(config: ProcessConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    this.topics = [outputTopic(config, context)];
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { everyMs } = this.#config;
    const { clock } = this.#context;
    while (!signal.aborted) {
      const startedAt = clock.monotonic();
      await this.#runOnce(sink, signal);
      if (everyMs === undefined || signal.aborted) return;
      sink.healthy();
      await pause(clock, startedAt + everyMs - clock.monotonic(), signal);
    }
  }

  async #runOnce(sink: Sink, signal: AbortSignal): Promise<void> {
    const { command, cwd, env } = this.#config;
    const { baseDir, clock } = this.#context;
    const sayable = (text: string) => this.#sayable(text);
    const child = await Child.start({ command, env, clock, sayable, cwd: resolve(baseDir, cwd ?? '.') });
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
    const [topic] = this.topics;
    if (topic === undefined) return;
    const refused = (reason: string) => sink.refused(this.#sayable(reason));
    const out = { publish: sink.publish.bind(sink), refused };
    const splitter = new LineSplitter(() => refused(`a line has more than ${MAX_LINE_BYTES} bytes`));
    const read = createLineReader(this.#config);
    // A chunk may hold thousands of lines, and those that are refused never wait for anything.
    const turns = new Turns(this.#context.clock);
    const publishAll = async (lines: Iterable<string>) => {
      for (const line of lines) {
        if (signal.aborted) return;
        const at = this.#context.clock.now();
        const reading = read(line, at);
        if (reading) await publishMessage(out, topic, reading, at);
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

  /** What a program prints may hold what it was told in secret. */
  #sayable(sentence: string): string {
    return withoutSecrets(sentence, Object.values(this.#config.env));
  }
}
