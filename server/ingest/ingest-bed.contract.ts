import { Readable } from 'node:stream';
import { createMemoryBroker } from '@tidewall/brokers/memory';
import type { Broker } from '@tidewall/contracts';
import { createHub, type Hub, openAccess } from '@tidewall/hub';
import { DEFAULT_LIMITS, type Limits } from '@tidewall/protocol';
import { CountingMeter, FakeClock, silentLog } from '@tidewall/testkit';
import { createIngest, type Ingest, type IngestRequest } from './ingest.ts';
import type { CaseRequest } from './ingest-case.contract.ts';
import type { IngestAnswer, IngestDefinition } from './ingest-definition.ts';
import { type IngestSettings, ingestSchema } from './settings.ts';

const ANYBODY = { id: 'anybody', roles: [] };

export interface IngestBedOptions {
  readonly settings?: Partial<IngestSettings>;
  readonly limits?: Partial<Limits>;
  readonly broker?: Broker;
}

/** Ingest on a real hub, in this process. */
export class IngestBed {
  readonly clock = new FakeClock(1_700_000_000_000);
  readonly meter = new CountingMeter();
  readonly hub: Hub;
  ingest: Ingest;
  readonly #begin: () => Ingest;

  constructor({ settings = {}, limits = {}, broker }: IngestBedOptions = {}) {
    const { clock, meter } = this;
    const shared = { clock, meter, log: silentLog, limits: { ...DEFAULT_LIMITS, ...limits } };
    this.hub = createHub({
      ...shared,
      broker: broker ?? createMemoryBroker({ random: Math.random }),
      access: openAccess,
      random: Math.random,
      settingsOf: () => undefined,
    });
    const { hub } = this;
    this.#begin = () => createIngest({ ...shared, hub, principal: ANYBODY, settings: ingestSchema.parse(settings) });
    this.ingest = this.#begin();
  }

  /** As after a restart with a broker that keeps: ingest knows nothing, and the hub everything. */
  restart(): void {
    this.ingest.dispose();
    this.ingest = this.#begin();
  }

  /** What is answered to a request; whatever refuses it whole is thrown. */
  async take(definition: IngestDefinition, request: CaseRequest, options: object = {}): Promise<IngestAnswer> {
    const { body, headers } = request;
    const taken: IngestRequest = {
      principal: ANYBODY,
      body: Readable.from([Buffer.from(body)]),
      contentType: headers['content-type'],
      contentEncoding: headers['content-encoding'],
      prefix: undefined,
      options: definition.query.parse(options),
    };
    return definition.answer(await this.ingest.take(definition, taken));
  }

  async held(topic: string): Promise<unknown> {
    return JSON.parse((await this.hub.snapshot(ANYBODY, topic)).json ?? 'null');
  }

  get topics(): string[] {
    return this.hub
      .topics(ANYBODY)
      .map(({ topic }) => topic)
      .sort();
  }

  close(): void {
    this.ingest.dispose();
    this.hub.dispose();
  }
}
