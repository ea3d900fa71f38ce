import { type JsonValue, parseJson } from '@tidewall/base';
import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { TidewallError, type TopicName } from '@tidewall/protocol';
import { statusFailure } from '../http-status-failure.ts';
import { columnsOf, type LabelledSeries, rowsOf, SERIES_FIELD } from '../labelled-series.ts';
import { outputTopic } from '../output.ts';
import { poll } from '../polling.ts';
import { bindDimensions } from './bind-dimensions.ts';
import { type Dimensions, MOST_POINTS, type TencentMonitorConfig } from './config.ts';
import { monitorFailure } from './monitor-failure.ts';
import { readPoints } from './read-points.ts';
import { signTc3 } from './sign-tc3.ts';

const SERVICE = 'monitor';
const ACTION = 'GetMonitorData';
const VERSION = '2018-07-24';
const CONTENT_TYPE = 'application/json; charset=utf-8';
/** Instances of one question. */
const MOST_INSTANCES = 10;
const MAX_BYTES = 4 * 1024 * 1024;
/** The API takes times with the zone that they are of; its own is this one. */
const BEIJING_MS = 8 * 3_600_000;

/** One metric of instances in Tencent Cloud, over time or as it is now. */
export class TencentMonitorSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: TencentMonitorConfig;
  readonly #context: SourceContext;
  readonly #instances: readonly Dimensions[];
  readonly #legend: string;
  readonly #topic: TopicName;
  /** What is asked, as sentences name it. */
  readonly #place: string;

  /** @throws TidewallError bad_request naming a parameter that there is none of */
  constructor(config: TencentMonitorConfig, context: SourceContext) {
    const { keyField = SERIES_FIELD, endpoint, instances, legend } = config;
    const topic = outputTopic({ ...config, keyField }, context);
    this.#config = config;
    this.#context = context;
    this.topics = [topic];
    this.#topic = topic.topic;
    this.#instances = instances.map((dimensions) => bindDimensions(dimensions, context.params));
    this.#legend = legend ?? legendOfAll(instances);
    this.#place = `Tencent Cloud (${new URL(endpoint).host})`;
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    await poll(
      { place: this.#place, polling: this.#config, context: this.#context, sink, signal },
      (within, unhurried) => this.#ask(unhurried, within),
    );
  }

  async #ask(sink: Sink, signal: AbortSignal): Promise<void> {
    const { periodSeconds, topicKind } = this.#config;
    const [start, end] = this.#times();
    const series: LabelledSeries[] = [];
    for (const instances of this.#batches()) {
      series.push(...(await this.#answer(instances, start, end, signal)));
      if (signal.aborted) return;
    }
    if (topicKind === 'table') {
      await sink.result(this.#topic, rowsOf(series.map(newest), this.#legend));
      return;
    }
    const { columns, twice } = columnsOf(series, this.#legend, periodSeconds * 1000);
    for (const name of new Set(twice)) {
      sink.refused(`two series are called ${JSON.stringify(name)} (legend); the first is shown`);
    }
    await sink.result(this.#topic, columns);
  }

  /** As many instances as one answer takes the points of. */
  *#batches(): Generator<readonly Dimensions[], void> {
    const { rangeMs, periodSeconds } = this.#config;
    const points = Math.ceil(rangeMs / (periodSeconds * 1000)) + 1;
    const most = Math.max(1, Math.min(MOST_INSTANCES, Math.floor(MOST_POINTS / points)));
    for (let from = 0; from < this.#instances.length; from += most) yield this.#instances.slice(from, from + most);
  }

  async #answer(
    instances: readonly Dimensions[],
    start: number,
    end: number,
    signal: AbortSignal,
  ): Promise<readonly LabelledSeries[]> {
    const { outgoing } = this.#context;
    const { namespace, metric, periodSeconds, endpoint, timeoutMs, ca, insecure } = this.#config;
    const body = JSON.stringify({
      Namespace: namespace,
      MetricName: metric,
      Instances: instances.map((dimensions) => ({
        Dimensions: Object.entries(dimensions).map(([name, value]) => ({ Name: name, Value: value })),
      })),
      Period: periodSeconds,
      StartTime: textOf(start),
      EndTime: textOf(end),
    });
    const response = await outgoing.request(endpoint, {
      ...{ method: 'POST', headers: this.#headers(body), body, signal, timeoutMs, maxBytes: MAX_BYTES, insecure },
      ...(ca === undefined ? {} : { ca }),
      // What is signed for one host is of no use to another.
      maxRedirects: 0,
    });
    const secrets = this.#secrets();
    if (response.status !== 200) throw await statusFailure({ response, place: this.#place, secrets });
    const reading = readPoints(this.#parse(await response.text()), this.#place);
    if ('error' in reading) throw monitorFailure(this.#place, reading.error, secrets);
    return reading.series;
  }

  #headers(body: string): Record<string, string> {
    const { secretId, secretKey, sessionToken, region, endpoint } = this.#config;
    const timestamp = Math.floor(this.#context.clock.now() / 1000);
    const signed = { 'content-type': CONTENT_TYPE, host: new URL(endpoint).host, 'x-tc-action': ACTION };
    const authorization = signTc3({ secretId, secretKey, service: SERVICE, headers: signed, body, timestamp });
    return {
      authorization,
      ...{ 'content-type': CONTENT_TYPE, 'x-tc-action': ACTION, 'x-tc-version': VERSION, 'x-tc-region': region },
      'x-tc-timestamp': String(timestamp),
      ...(sessionToken === undefined ? {} : { 'x-tc-token': sessionToken }),
    };
  }

  #parse(text: string): JsonValue {
    try {
      return parseJson(text);
    } catch (cause) {
      throw new TidewallError('source_error', `${this.#place} answers with what is no JSON; is endpoint right?`, {
        cause,
      });
    }
  }

  /** On the periods themselves, so that the points of one answer are those of the next. */
  #times(): [start: number, end: number] {
    const periodMs = this.#config.periodSeconds * 1000;
    const end = Math.floor(this.#context.clock.now() / periodMs) * periodMs;
    return [end - Math.ceil(this.#config.rangeMs / periodMs) * periodMs, end];
  }

  #secrets(): readonly string[] {
    const { secretKey, sessionToken } = this.#config;
    return [secretKey, ...(sessionToken === undefined ? [] : [sessionToken])];
  }
}

/** A series with the last of its values alone. */
function newest({ labels, points }: LabelledSeries): LabelledSeries {
  const last = points.filter(([, value]) => value !== null).at(-1);
  return { labels, points: last === undefined ? [] : [last] };
}

function legendOfAll(instances: readonly Dimensions[]): string {
  const names = new Set(instances.flatMap((dimensions) => Object.keys(dimensions)));
  return [...names].map((name) => `{{${name}}}`).join(' ');
}

function textOf(ms: number): string {
  return `${new Date(ms + BEIJING_MS).toISOString().slice(0, 19)}+08:00`;
}
