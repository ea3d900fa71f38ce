import type { JsonObject, JsonValue } from '@tidewall/base';
import type { Freshness, Operation, TopicKind } from '@tidewall/protocol';

export interface Publication {
  readonly topic: string;
  readonly data: JsonValue;
  readonly op?: Operation;
  readonly kind?: TopicKind;
}

export interface Snapshot {
  readonly epoch: string;
  readonly offset: number;
  readonly freshness: Freshness;
  readonly data: JsonValue;
}

/** The HTTP API of a server, as far as scenarios use it. */
export class Api {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async publish({ topic, data, ...query }: Publication): Promise<void> {
    const search = new URLSearchParams(query).toString();
    await this.#ask('POST', `/api/topics/${topic}${search === '' ? '' : `?${search}`}`, JSON.stringify(data));
  }

  /** Publishes in order, as one body of lines. */
  async publishMany(publications: readonly Publication[]): Promise<void> {
    const body = publications.map((publication) => JSON.stringify(publication)).join('\n');
    const answers = await this.#ask('POST', '/api/publish', body);
    const refused = answers.split('\n').find((line) => line.startsWith('{"error"'));
    if (refused !== undefined) throw new Error(`a publication was refused: ${refused}`);
  }

  async snapshot(topic: string): Promise<Snapshot> {
    return JSON.parse(await this.#ask('GET', `/api/topics/${topic}`)) as Snapshot;
  }

  async settle(pattern: string, settings: JsonObject): Promise<void> {
    await this.#ask('PUT', settingsPath(pattern), JSON.stringify(settings));
  }

  async unsettle(pattern: string): Promise<void> {
    await this.#ask('DELETE', `${settingsPath(pattern)}?reset=true`);
  }

  async remove(topic: string): Promise<void> {
    await this.#ask('DELETE', `/api/topics/${topic}`);
  }

  /** Names of the topics to which something was published. */
  async topics(): Promise<readonly string[]> {
    const { topics } = JSON.parse(await this.#ask('GET', '/api/topics')) as {
      topics: { topic: string; offset: number }[];
    };
    return topics.filter(({ offset }) => offset > 0).map(({ topic }) => topic);
  }

  /** What a metric without labels says; the sum of its rows when it has some. */
  async metric(name: string): Promise<number> {
    const text = await this.#ask('GET', '/metrics');
    const rows = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    return rows.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  async #ask(method: string, path: string, body?: string): Promise<string> {
    const response = await fetch(`${this.#url}${path}`, { method, ...(body !== undefined && { body }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${text.slice(0, 500)}`);
    return text;
  }
}

function settingsPath(pattern: string): string {
  return `/api/topic-settings/${pattern.replaceAll('#', '%23')}`;
}
