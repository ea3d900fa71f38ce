import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { isIP } from 'node:net';
import { join } from 'node:path';
import {
  createCallers,
  createKeyIdentity,
  createLocalIdentity,
  createSessionIdentity,
  createTokenIdentity,
} from '@tidewall/auth';
import { type Clock, systemClock } from '@tidewall/base';
import type { GatewayDefinition, HubPort, Log, Principal } from '@tidewall/contracts';
import { flaskSseGateway } from '@tidewall/gateways/flask-sse/server';
import { heartCheckGateway } from '@tidewall/gateways/heart-check/server';
import { koaHttpGateway } from '@tidewall/gateways/koa-http/server';
import { koaSocketGateway } from '@tidewall/gateways/koa-socket/server';
import { pollGateway } from '@tidewall/gateways/poll/server';
import { socketIoGateway } from '@tidewall/gateways/socket-io/server';
import { sseGateway } from '@tidewall/gateways/sse/server';
import { tcvGateway } from '@tidewall/gateways/tcv/server';
import { websocketGateway } from '@tidewall/gateways/websocket/server';
import { createHub } from '@tidewall/hub';
import { createIngest, settingsOfIngestTopic } from '@tidewall/ingest';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import type { TopicName } from '@tidewall/protocol';
import { ScriptSandbox } from '@tidewall/sandbox';
import { createRedisTopics, createSupervisor, settingsOfRedisTopic, sourceDefinitions } from '@tidewall/sources';
import { compileTransforms } from '@tidewall/transform/compile';
import { Audit } from './audit/audit.ts';
import { createBackup } from './backup/create-backup.ts';
import { loadManifest } from './component-manifest.ts';
import { createMainDoor, createOwnDoor, type Door } from './doors.ts';
import { drainHost } from './drain.ts';
import { createElementTopics } from './element-topics.ts';
import { createHostAccess } from './host-access.ts';
import type { HostState } from './http/api-context.ts';
import { createApp, rejectedRequests } from './http/app.ts';
import { createClientAddresses } from './http/client-address.ts';
import { type Listeners, openListeners } from './http/listeners.ts';
import { KeyStore } from './keys/key-store.ts';
import { openMasterSecret } from './keys/master-secret.ts';
import { openNonces } from './keys/nonce-file.ts';
import type { LoadedConfig } from './load-config.ts';
import { dropLocalToken, keepLocalToken, newLocalToken } from './local-token.ts';
import { createMetrics } from './metrics.ts';
import { checkSignIns, SignIns } from './oidc/sign-ins.ts';
import { openBroker } from './open-broker.ts';
import { openGateways } from './open-gateways.ts';
import { createOriginGuard } from './origin-guard.ts';
import { measureProcess } from './process-metrics.ts';
import { createDoorRates } from './rates/door-rates.ts';
import { limitHub } from './rates/limit-hub.ts';
import { RateLimits } from './rates/rate-limits.ts';
import { resolveElements } from './resolved-hub.ts';
import { openScreens } from './screens.ts';
import { ShareStore } from './shares/share-store.ts';
import { Viewers } from './shares/viewers.ts';
import { checkSources } from './source-check.ts';
import { FileShelf } from './sources/file-shelf.ts';
import { SourceStore } from './sources/source-store.ts';
import { StartError } from './startup-errors.ts';
import { type HostStore, openHostStore } from './store/open-host-store.ts';
import { TlsFiles } from './tls-files.ts';
import { TopicSettingsStore } from './topics/topic-settings-store.ts';
import { Attempts } from './users/attempts.ts';
import { Setup } from './users/setup.ts';
import { UserStore } from './users/user-store.ts';

export interface HostOptions {
  readonly loaded: LoadedConfig;
  readonly log: Log;
  readonly version: string;
  /** The built viewer; without it `/` says how to build it. */
  readonly webDir?: string | undefined;
  /** Screens of the demo; shown when `demo` is on. */
  readonly demoScreens?: string | undefined;
  /** The component manifest; without it pushes to elements are not checked. */
  readonly manifestFile?: string | undefined;
  readonly clock?: Clock;
  /** A number in [0, 1). */
  readonly random?: () => number;
}

/** A server that runs. */
export interface RunningHost {
  /** Where a browser on this machine reaches it, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Ports that a gateway has to itself, by its kind. */
  readonly ports: Readonly<Record<string, number>>;
  /** The hub, in this process. */
  readonly hub: HubPort;
  /** What the link has by which the first admin is made; undefined when none is needed. */
  readonly setupToken: string | undefined;
  /** Whether rules decide who may do what; otherwise everybody may who reaches it. */
  readonly closed: boolean;
  /** Ids of the screens that it shows. */
  readonly screenIds: readonly string[];
  /**
   * Finishes and then closes: no new sessions, a goodbye to every session with a window to come back in, sources
   * stopped. Done within 5 s, whatever hangs. Closing twice is closing once.
   */
  close(): Promise<void>;
}

interface OpenPort {
  readonly kind: string;
  readonly listeners: Listeners;
}

const GATEWAYS: readonly GatewayDefinition[] = [
  websocketGateway,
  sseGateway,
  pollGateway,
  tcvGateway,
  socketIoGateway,
  koaSocketGateway,
  koaHttpGateway,
  heartCheckGateway,
  flaskSseGateway,
];
const HOUR_MS = 3_600_000;
/** The server itself, in what it does for nobody in particular. */
const SERVER: Principal = { id: 'server', roles: ['admin'] };

/**
 * A running server from a configuration.
 *
 * @throws ConfigError when a source is configured wrongly; StartError when the port or the data folder cannot be had
 */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const { dataDir } = options.loaded.config;
  await makeFolders([dataDir]);
  const kept = await openHostStore({ dataDir, clock: options.clock ?? systemClock, log: options.log });
  try {
    return await startWith(kept, options);
  } catch (failure) {
    await kept.close();
    throw failure;
  }
}

async function startWith(kept: HostStore, options: HostOptions): Promise<RunningHost> {
  const { loaded, log, version, clock = systemClock, random = Math.random } = options;
  const { store } = kept;
  const { config } = loaded;
  const { limits } = config;
  const allowedHosts = parseAddressList(config.outgoing.allow);
  checkSignIns(config);
  const sources = checkSources(loaded.sources, sourceDefinitions);
  const filesDir = join(config.dataDir, 'files');
  await makeFolders([config.screens, filesDir]);
  const topicSettings = await TopicSettingsStore.open(store, config.topics);

  const outgoing = {
    configured: createOutgoing({ allowed: allowedHosts, trusted: true }),
    made: createOutgoing({ allowed: allowedHosts, trusted: false }),
  };
  const metrics = createMetrics();
  const audit = Audit.open({ store, clock, log, meter: metrics });
  const access = createHostAccess({
    ...{ mode: config.access, boundHost: config.host, rules: config.rules },
    refused: (principal, need) => audit.refusedNeed(principal, need),
  });
  const secretPath = join(config.dataDir, 'secret.key');
  const keys = await KeyStore.open({
    ...{ store, clock, log, meter: metrics, secretPath, secret: config.secret },
  });
  const nonces = await openNonces({ path: join(config.dataDir, 'nonces.json'), clock, log, meter: metrics });
  const keyIdentity = createKeyIdentity({ keys, nonces: nonces.memory, clock, meter: metrics });
  const sessionMs = config.sessionHours * HOUR_MS;
  const users = await UserStore.open({
    ...{ store, clock, log, meter: metrics, sessionMs },
  });
  const setup = new Setup(clock, () => !users.hasAdmin);
  if (config.adminPassword !== undefined) await giveAdmin(users, config.adminPassword);
  let ownUrl = '';
  const signIns = await SignIns.open({ config, secretPath, outgoing, clock, meter: metrics, ownUrl: () => ownUrl });
  if (users.size > 0 || signIns.list().length > 0) access.close();
  const attempts = new Attempts(clock);
  const demoScreens = config.demo && options.demoScreens !== undefined ? [options.demoScreens] : [];
  const screens = await openScreens({ folders: [...demoScreens, config.screens], clock, log, meter: metrics });
  const shares = await ShareStore.open({ store, clock, meter: metrics });
  const viewers = new Viewers({
    ...{ shares, screens, keys, nonces: nonces.memory, attempts, clock },
    secret: (await openMasterSecret(config.secret, secretPath, 'shares')).key,
  });
  const localToken = newLocalToken();
  const callers = createCallers({
    identities: [
      createLocalIdentity(localToken),
      createSessionIdentity({
        signedIn: (token) =>
          (signIns.passwords ? users.signedIn(token) : undefined) ?? signIns.sessions.signedIn(token),
      }),
      keyIdentity,
      viewers,
      createTokenIdentity({ issuers: config.tokens, outgoing: outgoing.configured, clock }),
    ],
    anybody: (request) => access.anybody(request),
    unknownToken: () => access.unknownToken(),
  });

  const tls =
    config.tls === undefined
      ? undefined
      : await TlsFiles.open({ certFile: config.tls.cert, keyFile: config.tls.key, clock, log, meter: metrics });
  const processMetrics = measureProcess(metrics, version);
  const manifest = await loadManifest(options.manifestFile, log);
  const elements = createElementTopics({ screens, manifest, foreignScreens: config.foreignScreens });

  const broker = await openBroker(config, { clock, log, meter: metrics, random });
  const configuredFor = (name: TopicName) =>
    elements.settingsOf(name) ?? settingsOfIngestTopic(name, config.ingest, topicSettings.list.settingsOf(name));
  const { redis: redisUrl } = config;
  const settingsOf = (name: TopicName) =>
    redisUrl === undefined ? configuredFor(name) : settingsOfRedisTopic(name, configuredFor(name));
  const ownHub = createHub({ broker, access, clock, limits, meter: metrics, log, random, settingsOf });
  await ownHub.restore();
  audit.tell(ownHub);
  const hub = resolveElements(ownHub, elements);
  const rates = new RateLimits({
    ...{ settings: config.rates, clock, meter: metrics, seed: randomBytes(16).toString('hex') },
    refused: (refusal) => audit.refusedRate(refusal),
  });
  const addresses = createClientAddresses(parseAddressList(config.trustedProxies));
  const doorRates = createDoorRates({ rates, addresses, callerOf: (request) => callers.of(request) });
  const limitedHub = limitHub(hub, rates);
  const scripts = new ScriptSandbox({ clock, log, meter: metrics });
  const supervisor = createSupervisor({
    ...{ hub: ownHub, clock, log, meter: metrics, random, limits },
    compileTransforms: (steps, source) =>
      compileTransforms(steps, { rowsOf: (topic) => ownHub.peek(topic), sandbox: scripts.of(source) }),
  });

  const sourceStore = new SourceStore({
    ...{ store, filesDir, supervisor, log, definitions: sourceDefinitions },
    master: await openMasterSecret(config.secret, secretPath, 'sources'),
    outgoing,
  });

  const redis =
    redisUrl === undefined
      ? undefined
      : createRedisTopics({ url: redisUrl, hub: ownHub, settingsOf, clock, log, meter: metrics, limits, random });

  let state: HostState = 'starting';
  const { mounted, ownPorts } = openGateways(GATEWAYS, config, {
    ...{ hub: limitedHub, limits, clock, log, meter: metrics, node: config.node, keys },
    nonces: nonces.memory,
    identify: (request) => {
      keyIdentity.requireNoBody(request);
      return doorRates.arrived(request);
    },
    identifyToken: (token) => callers.ofToken(token),
  });
  const gateways = mounted.map(({ gateway }) => gateway);
  const ingest = createIngest({
    // Its topics are never those of elements.
    ...{ hub: ownHub, principal: SERVER, limits, clock, log, meter: metrics, settings: config.ingest },
  });
  const guard = createOriginGuard({ ...config, boundHost: config.host });
  const app = await createApp({
    hub: limitedHub,
    callers,
    keyIdentity,
    decider: access,
    ...{ access, users, setup, sessionMs, signIns, attempts, shares, viewers },
    principals: (id) => {
      const [, kind, name = ''] = /^(key|user|oidc):(.*)$/.exec(id) ?? [];
      if (kind === 'key') return keys.principalOf(name);
      if (kind === 'oidc') return signIns.sessions.principalOf(id);
      return kind === 'user' ? users.principalOf(name) : undefined;
    },
    limits,
    http: config.http,
    clock,
    log,
    meter: metrics,
    metrics,
    screens,
    elements,
    ingest,
    ingestSettings: config.ingest,
    topicSettings,
    keys,
    audit,
    ...{ addresses, rates, doorRates },
    manifest,
    version,
    guard,
    webDir: options.webDir,
    backup: (withSecret) =>
      createBackup({
        ...{ store, version, withSecret, dataDir: config.dataDir, now: clock.now() },
        folders: { screens: config.screens, files: filesDir },
      }),
    sources: sourceStore,
    files: await FileShelf.open({ folder: filesDir, maxBytes: config.http.fileBytes }),
    state: () => state,
  });

  const release = async () => {
    for (const gateway of gateways) gateway.close();
    await nonces.close();
    await keys.close();
    await audit.close();
    await dropLocalToken(config.dataDir);
    redis?.dispose();
    await scripts.close();
    ingest.dispose();
    tls?.dispose();
    ownHub.dispose();
    await broker.close();
    screens.dispose();
    processMetrics.dispose();
    await app.close();
    metrics.dispose();
    await kept.close();
  };
  const rejected = rejectedRequests(metrics);
  try {
    const otherwise: RequestListener = (request, response) => app.routing(request, response);
    const doors = { guard, callers, rates: doorRates, rejected, otherwise, ready: () => state === 'ready' };
    const listen = (port: number, door: Door) => {
      const malformed = (reason: string) => rejected.add(1, { reason });
      return openListeners({ host: config.host, port, limits: config.http, clock, tls, ...door, malformed });
    };
    const listeners = await listen(config.port, createMainDoor({ ...doors, gateways: mounted }));
    const own: OpenPort[] = [];
    const close = () => {
      state = 'draining';
      const all = [listeners, ...own.map((port) => port.listeners)];
      return drainHost({ listeners: all, gateways, supervisor, clock, log, release });
    };
    try {
      for (const { mounted: each, port } of ownPorts) {
        own.push({ kind: each.definition.kind, listeners: await listen(port, createOwnDoor(each, doors)) });
      }
    } catch (failure) {
      await close();
      throw failure;
    }
    try {
      await sourceStore.start(sources);
    } catch (failure) {
      await close();
      throw failure;
    }
    await keepLocalToken(config.dataDir, { token: localToken, port: listeners.port });
    ownUrl = `${tls === undefined ? 'http' : 'https'}://${shownHost(config.host)}:${listeners.port}`;
    state = 'ready';
    let closing: Promise<void> | undefined;
    return {
      url: ownUrl,
      port: listeners.port,
      ports: Object.fromEntries(own.map(({ kind, listeners: { port } }) => [kind, port])),
      hub,
      setupToken: access.closed && signIns.passwords ? setup.renew() : undefined,
      get closed() {
        return access.closed;
      },
      screenIds: screens.list().map(({ screen }) => screen.id),
      close: () => {
        closing ??= close();
        return closing;
      },
    };
  } catch (failure) {
    if (state === 'starting') {
      await supervisor.dispose();
      await release();
    }
    throw failure;
  }
}

/** Makes the user `admin`, or gives it another password when that is not what it has. */
async function giveAdmin(users: UserStore, password: string): Promise<void> {
  if (!users.list().some(({ name }) => name === 'admin')) await users.create('admin', password, ['admin']);
  else if (!(await users.check('admin', password))) await users.setPassword('admin', password);
}

async function makeFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    try {
      await mkdir(folder, { recursive: true });
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
      throw new StartError(`the folder ${folder} cannot be made (${code}); use --data-dir or TIDEWALL_DATA_DIR`, {
        cause,
      });
    }
  }
}

function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return isIP(host) === 6 ? `[${host}]` : host;
}
