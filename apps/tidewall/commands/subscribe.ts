import { type Client, createClient } from '@tidewall/client';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import { WebSocket } from 'ws';
import { parseServerUrl } from '../server-api.ts';
import { linesOf } from '../subscription-lines.ts';

export interface SubscribeOptions {
  readonly url: string;
  readonly rewind?: number;
  /** Ends after so many lines. */
  readonly count?: number;
  readonly raw?: boolean;
}

/** Follows topics until it is interrupted, or whoever reads the output has read enough. */
export async function subscribe(topics: readonly string[], options: SubscribeOptions): Promise<void> {
  const url = parseServerUrl(options.url);
  const tell = (sentence: string) => process.stderr.write(`${sentence}\n`);
  const client = createClient({ url, transports: [createWebSocketTransport(WebSocket)], name: 'tidewall subscribe' });
  // The client's timers do not keep a process alive, and while it waits for the server nothing else does.
  const alive = setInterval(() => {}, 1 << 30);
  const lineOptions = { raw: options.raw ?? false, named: topics.length > 1 };
  const refused = new Set<string>();
  let late = '';
  let left = options.count ?? Number.POSITIVE_INFINITY;
  let unlisten = () => {};
  try {
    await new Promise<void>((resolve) => {
      process.once('SIGINT', resolve);
      process.once('SIGTERM', resolve);
      // `| head -1` closes our output: that is the end of the work, not a failure.
      process.stdout.once('error', () => resolve());
      unlisten = client.onStatus((status) => tellStatus(status, url, tell));
      const follow = options.rewind === undefined ? {} : { rewindCount: options.rewind };
      for (const topic of new Set(topics)) {
        client.watch(topic, follow, (push, replica) => {
          for (const line of linesOf(push, replica, lineOptions)) {
            if (left === 0) return;
            left--;
            process.stdout.write(`${line}\n`);
            if (left === 0) resolve();
          }
          if (push.gap !== undefined)
            tell(`${topic}: ${push.gap.to - push.gap.from + 1} entries were dropped before they could be read`);
        });
        client.follow(topic, follow, (replica) => {
          const { state, reason } = replica.freshness;
          const news =
            state === 'late' || state === 'stale' || state === 'failed'
              ? `${topic} is ${state}${reason ? `: ${reason}` : ''}`
              : '';
          if (news !== '' && news !== late) tell(news);
          late = news;
          if (replica.refused === undefined || refused.has(topic)) return;
          refused.add(topic);
          tell(`${topic}: ${replica.refused.message} (${replica.refused.name})`);
          process.exitCode = 1;
          if (refused.size === new Set(topics).size) resolve();
        });
      }
    });
  } finally {
    clearInterval(alive);
    unlisten();
    client.close();
  }
}

function tellStatus(status: Client['status'], url: string, tell: (sentence: string) => void): void {
  if (status.type === 'live') tell(`connected to ${url}${status.recovered ? '' : '; something was missed meanwhile'}`);
  else if (status.type === 'closed') tell(`closed: ${status.reason}`);
  else if (status.type === 'waiting') {
    const seconds = Math.max(0, (status.retryAt - Date.now()) / 1000).toFixed(1);
    tell(`no link: ${status.reason}; trying again in ${seconds} s`);
  }
}
