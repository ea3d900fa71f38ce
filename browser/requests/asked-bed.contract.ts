import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FollowOptions, TopicReader, TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import type { PageRequest } from '@tidewall/request';
import { FakeClock, type TestServer, TestServers } from '@tidewall/testkit';
import { vi } from 'vitest';
import { AskedReader } from './asked-reader.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** The server's topics, of which it is only known who follows them. Tests only. */
class Behind implements TopicReader {
  readonly followed: { readonly topic: string; readonly options: FollowOptions }[] = [];
  readonly status = { type: 'connecting', attempt: 0 } as const;

  follow(topic: string, options: FollowOptions) {
    const one = { topic, options };
    this.followed.push(one);
    const end = () => {
      const at = this.followed.indexOf(one);
      if (at >= 0) this.followed.splice(at, 1);
    };
    return Object.assign(end, { configure() {} });
  }

  onStatus(changed: (status: TopicReader['status']) => void) {
    changed(this.status);
    return () => {};
  }

  serverNow() {
    return 0;
  }
}

/** A reader in front of topics that a real HTTP server is asked for; time passes when the test says so. Tests only. */
export class AskedBed {
  readonly clock = new FakeClock();
  readonly servers = new TestServers();
  readonly behind = new Behind();
  readonly refusals: string[] = [];
  readonly failures: unknown[] = [];
  server: TestServer | undefined;
  readonly sight = {
    hidden: false,
    listeners: new Set<() => void>(),
    onChange(changed: () => void) {
      this.listeners.add(changed);
      return () => void this.listeners.delete(changed);
    },
    see(seen: boolean) {
      this.hidden = !seen;
      for (const changed of this.listeners) changed();
    },
  };
  answer: Answer = (_, response) => response.end('[]');
  blocked = false;
  url = '';
  readonly reader: AskedReader;

  constructor() {
    this.reader = new AskedReader({
      reader: Object.assign(this.behind, { serverNow: () => this.clock.now() }),
      clock: this.clock,
      random: () => 0.5,
      sight: this.sight,
      fetch,
      origin: 'http://hall:7070',
      wasBlocked: async () => this.blocked,
      refused: (topic, reason) => void this.refusals.push(`${topic}: ${reason}`),
      failed: (failure) => void this.failures.push(failure),
    });
  }

  async start(): Promise<void> {
    this.server = await this.servers.http((request, response) => this.answer(request, response));
    this.url = `http://127.0.0.1:${this.server.port}`;
  }

  /** What was asked, as `METHOD /path`. */
  get asked(): readonly string[] {
    return (this.server?.asked ?? []).map((line) => line.replace(/ [^/]*/, ' '));
  }

  /** A source that pages ask, as the server tells of it. */
  request(more: Partial<PageRequest> = {}): PageRequest {
    return {
      ...{
        name: 'shop',
        topics: ['shop'],
        method: 'GET',
        url: `${this.url}/shop`,
        headers: {},
        format: 'json',
        path: '',
      },
      ...{ topicKind: 'state', intervalMs: 5_000, minIntervalMs: 1_000, maxIntervalMs: 60_000, timeoutMs: 2_000 },
      ...{ maxRows: 1_000, maxBytes: 100_000, transforms: [], params: {}, ...more },
    };
  }

  json(value: unknown): Answer {
    return (_, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
  }

  /** Follows a topic; what is heard of it is kept. */
  follow(topic: string, options: FollowOptions = {}) {
    const heard = { replica: undefined as TopicReplica | undefined, count: 0, end: () => {} };
    const following = this.reader.follow(topic, options, (replica) => {
      heard.replica = replica;
      heard.count += 1;
    });
    return Object.assign(heard, {
      end: following,
      value: () => heard.replica?.value(),
      state: () => heard.replica?.freshness.state,
      reason: () => heard.replica?.freshness.reason,
    });
  }

  /** Lets the machine do its work, and no time pass, until that is so. */
  until(holds: () => void): Promise<void> {
    return vi.waitFor(
      async () => {
        await this.clock.advance(0);
        holds();
      },
      { timeout: 10_000, interval: 5 },
    );
  }

  async close(): Promise<void> {
    this.reader.dispose();
    await this.servers.close();
  }
}
