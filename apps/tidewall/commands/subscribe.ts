import { type Client, createClient } from '@tidewall/client';
import { type Filter, isTopicPattern } from '@tidewall/protocol';
import { linkSentence } from '../link-sentence.ts';
import { parseServerUrl } from '../server-api.ts';
import { serverTransport } from '../server-transport.ts';
import { linesOf, type Replica } from '../subscription-lines.ts';
import { harmless } from '../terminal-text.ts';

export interface SubscribeOptions {
  readonly url: string;
  readonly rewind?: number;
  readonly sinceMs?: number;
  readonly points?: number;
  readonly rate?: number;
  readonly filter?: Filter;
  readonly fields?: readonly string[];
  readonly delta?: boolean;
  /** Ends after so many lines. */
  readonly count?: number;
  readonly raw?: boolean;
  readonly record?: boolean;
}

type FollowOptions = Parameters<Client['follow']>[1];

/** Follows topics until it is interrupted, or whoever reads the output has read enough. */
export async function subscribe(topics: readonly string[], options: SubscribeOptions): Promise<void> {
  const url = parseServerUrl(options.url);
  const tell = (sentence: string) => process.stderr.write(`${harmless(sentence)}\n`);
  const client = createClient({ url, transports: [serverTransport(url)], name: 'tidewall subscribe' });
  // The client's timers do not keep a process alive, and while it waits for the server nothing else does.
  const alive = setInterval(() => {}, 1 << 30);
  const asked = new Set(topics);
  const lineOptions = { raw: options.raw ?? false, named: asked.size > 1 || topics.some(isTopicPattern) };
  const follow = followOptions(options);
  const news = new News(tell);
  let left = options.count ?? Number.POSITIVE_INFINITY;
  let unlisten = () => {};
  try {
    await new Promise<void>((resolve) => {
      process.once('SIGINT', resolve);
      process.once('SIGTERM', resolve);
      // `| head -1` closes our output: that is the end of the work, not a failure.
      process.stdout.once('error', () => resolve());
      unlisten = client.onStatus((status) => {
        const sentence = linkSentence(status, url, Date.now());
        if (sentence !== undefined) tell(sentence);
      });
      for (const topic of asked) {
        client.watch(topic, follow, (push, replica) => {
          const recordedAt = options.record ? { recordedAt: Date.now() } : {};
          for (const line of linesOf(push, replica, { ...lineOptions, ...recordedAt })) {
            if (left === 0) return;
            left--;
            process.stdout.write(`${line}\n`);
            if (left === 0) resolve();
          }
          if (push.gap !== undefined)
            tell(`${replica.topic}: ${push.gap.to - push.gap.from + 1} entries were dropped before they could be read`);
        });
        client.follow(topic, follow, (replica) => {
          news.of(replica);
          if (replica.refused === undefined) return;
          process.exitCode = 1;
          asked.delete(replica.topic);
          if (asked.size === 0) resolve();
        });
      }
    });
  } finally {
    clearInterval(alive);
    unlisten();
    client.close();
  }
}

function followOptions({ rewind, sinceMs, points, rate, filter, fields, delta }: SubscribeOptions): FollowOptions {
  return {
    ...(rewind !== undefined && { rewindCount: rewind }),
    ...(sinceMs !== undefined && { rewindMs: sinceMs }),
    ...(points !== undefined && { rewindPoints: points }),
    ...(rate !== undefined && { rateHz: rate }),
    ...(filter !== undefined && { filter }),
    ...(fields !== undefined && { fields }),
    ...(delta !== undefined && { delta }),
  };
}

/** What a reader is told of a topic beside its data, each thing once until it is another. */
class News {
  readonly #tell: (sentence: string) => void;
  readonly #told = new Map<string, string>();

  constructor(tell: (sentence: string) => void) {
    this.#tell = tell;
  }

  of({ topic, freshness: { state, reason }, refused }: Replica): void {
    const old = state === 'late' || state === 'stale' || state === 'failed';
    let sentence = old ? `${topic} is ${state}${reason ? `: ${reason}` : ''}` : '';
    if (refused !== undefined) sentence = `${topic}: ${refused.message} (${refused.name})`;
    if (sentence === (this.#told.get(topic) ?? '')) return;
    this.#told.set(topic, sentence);
    if (sentence !== '') this.#tell(sentence);
  }
}
