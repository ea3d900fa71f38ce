import type { Readable } from 'node:stream';
import type { Decider } from '@tidewall/access';
import type { Clock } from '@tidewall/base';
import type { HubPort, Log, Meter, Principal } from '@tidewall/contracts';
import type { Ingest, IngestSettings } from '@tidewall/ingest';
import type { Limits } from '@tidewall/protocol';
import type { Audit } from '../audit/audit.ts';
import type { ComponentManifest } from '../component-manifest.ts';
import type { HttpLimits } from '../config.ts';
import type { ElementTopics } from '../element-topics.ts';
import type { HostAccess } from '../host-access.ts';
import type { KeyStore } from '../keys/key-store.ts';
import type { Metrics } from '../metrics.ts';
import type { SignIns } from '../oidc/sign-ins.ts';
import type { DoorRates } from '../rates/door-rates.ts';
import type { RateLimits } from '../rates/rate-limits.ts';
import type { Screens } from '../screens.ts';
import type { ShareStore } from '../shares/share-store.ts';
import type { Viewers } from '../shares/viewers.ts';
import type { FileShelf } from '../sources/file-shelf.ts';
import type { SourceStore } from '../sources/source-store.ts';
import type { TopicSettingsStore } from '../topics/topic-settings-store.ts';
import type { Attempts } from '../users/attempts.ts';
import type { Setup } from '../users/setup.ts';
import type { UserStore } from '../users/user-store.ts';
import type { ClientAddresses } from './client-address.ts';

/** Whether the server takes work; `starting` and `draining` answer 503. */
export type HostState = 'starting' | 'ready' | 'draining';

/** What the calls of the API work on. */
export interface ApiContext {
  readonly hub: HubPort;
  readonly limits: Limits;
  readonly http: HttpLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly metrics: Metrics;
  readonly ingest: Ingest;
  readonly ingestSettings: IngestSettings;
  readonly screens: Screens;
  readonly elements: ElementTopics;
  readonly topicSettings: TopicSettingsStore;
  readonly keys: KeyStore;
  readonly users: UserStore;
  readonly signIns: SignIns;
  readonly attempts: Attempts;
  readonly setup: Setup;
  readonly shares: ShareStore;
  readonly viewers: Viewers;
  readonly access: Pick<HostAccess, 'closed' | 'close'>;
  /** How long a user stays signed in who does not come. */
  readonly sessionMs: number;
  readonly audit: Audit;
  readonly decider: Decider;
  /** Who is meant by an id like `key:tk7`; undefined when there is nobody, or not any more. */
  principals(id: string): Principal | undefined;
  readonly addresses: ClientAddresses;
  readonly rates: RateLimits;
  readonly doorRates: DoorRates;
  readonly manifest: ComponentManifest;
  readonly version: string;
  /** A backup as it is written, with or without what secrets are sealed with. @throws TidewallError */
  backup(withSecret: boolean): Promise<Readable>;
  readonly sources: SourceStore;
  readonly files: FileShelf;
  state(): HostState;
}
