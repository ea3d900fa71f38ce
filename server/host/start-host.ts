import { mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Clock, systemClock } from '@tidewall/base';
import type { Gateway, GatewayDefinition, HubPort, Log, Principal } from '@tidewall/contracts';
import { websocketGateway } from '@tidewall/gateways/websocket/server';
import { createHub, openAccess } from '@tidewall/hub';
import { TidewallError, type TopicName } from '@tidewall/protocol';
import { createSupervisor, type Supervisor, sourceDefinitions } from '@tidewall/sources';
import { loadManifest } from './component-manifest.ts';
import { drainHost } from './drain.ts';
import { createElementTopics } from './element-topics.ts';
import type { HostState } from './http/api-context.ts';
import { createApp, rejectedRequests } from './http/app.ts';
import { openListeners } from './http/listeners.ts';
import type { LoadedConfig } from './load-config.ts';
import { createMetrics } from './metrics.ts';
import { openBroker } from './open-broker.ts';
import { createOriginGuard } from './origin-guard.ts';
import { measureProcess } from './process-metrics.ts';
import { resolveElements } from './resolved-hub.ts';
import { openScreens } from './screens.ts';
import { type CheckedSource, checkSources } from './source-check.ts';
import { ConfigError, StartError } from './startup-errors.ts';
import { TopicSettingsStore } from './topics/topic-settings-store.ts';
import { createUpgrades } from './upgrades.ts';

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
  /** The hub, in this process. */
  readonly hub: HubPort;
  /** Ids of the screens that it shows. */
  readonly screenIds: readonly string[];
  /**
   * Finishes and then closes: no new connections, a goodbye to every session with a window to come back in, sources
   * stopped. Done within 5 s, whatever hangs. Closing twice is closing once.
   */
  close(): Promise<void>;
}

const GATEWAYS: readonly GatewayDefinition[] = [websocketGateway];
/** Until there are users, everybody who reaches the server is the same one. */
const ANYBODY: Principal = { id: 'anybody', roles: ['anybody'] };

/**
 * A running server from a configuration.
 *
 * @throws ConfigError when a source is configured wrongly; StartError when the port or the data folder cannot be had
 */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const { loaded, log, version, clock = systemClock, random = Math.random } = options;
  const { config } = loaded;
  const { limits } = config;
  const sources = checkSources(loaded.sources, sourceDefinitions);
  await makeFolders([config.dataDir, config.screens]);
  const topicSettings = await TopicSettingsStore.open(join(config.dataDir, 'topic-settings.json'), config.topics);

  const metrics = createMetrics();
  const processMetrics = measureProcess(metrics, version);
  const manifest = await loadManifest(options.manifestFile, log);
  const demoScreens = config.demo && options.demoScreens !== undefined ? [options.demoScreens] : [];
  const screens = await openScreens({ folders: [...demoScreens, config.screens], clock, log, meter: metrics });
  const elements = createElementTopics(screens, manifest);

  const broker = await openBroker(config, { clock, log, meter: metrics, random });
  const settingsOf = (name: TopicName) => elements.settingsOf(name) ?? topicSettings.list.settingsOf(name);
  const ownHub = createHub({ broker, access: openAccess, clock, limits, meter: metrics, log, random, settingsOf });
  await ownHub.restore();
  const hub = resolveElements(ownHub, elements);
  const supervisor = createSupervisor({ hub: ownHub, clock, log, meter: metrics, random, limits });

  let state: HostState = 'starting';
  const gatewayContext = { hub, limits, clock, log, meter: metrics, node: config.node, identify: () => ANYBODY };
  const gateways = new Map<string, Gateway>(GATEWAYS.map(({ path, create }) => [path, create(gatewayContext)]));
  const guard = createOriginGuard({ ...config, boundHost: config.host });
  const app = await createApp({
    hub,
    principal: ANYBODY,
    limits,
    http: config.http,
    clock,
    log,
    meter: metrics,
    metrics,
    screens,
    elements,
    topicSettings,
    manifest,
    version,
    guard,
    webDir: options.webDir,
    sources: () => [...supervisor.list()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    state: () => state,
  });

  const release = async () => {
    for (const gateway of gateways.values()) gateway.close();
    ownHub.dispose();
    await broker.close();
    screens.dispose();
    processMetrics.dispose();
    await app.close();
    metrics.dispose();
  };
  const rejected = rejectedRequests(metrics);
  try {
    const listeners = await openListeners({
      host: config.host,
      port: config.port,
      limits: config.http,
      request: (request, response) => app.routing(request, response),
      upgrade: createUpgrades({ gateways, guard, rejected, ready: () => state === 'ready' }),
      malformed: (reason) => rejected.add(1, { reason }),
    });
    const close = () => {
      state = 'draining';
      return drainHost({ listeners, gateways: [...gateways.values()], supervisor, clock, log, release });
    };
    try {
      await addSources(supervisor, sources);
    } catch (failure) {
      await close();
      throw failure;
    }
    state = 'ready';
    let closing: Promise<void> | undefined;
    return {
      url: `http://${shownHost(config.host)}:${listeners.port}`,
      port: listeners.port,
      hub,
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

async function addSources(supervisor: Supervisor, sources: readonly CheckedSource[]): Promise<void> {
  for (const { source, definition, config } of sources) {
    try {
      await supervisor.add(source.name, definition, config, source.baseDir);
    } catch (failure) {
      if (!(failure instanceof TidewallError)) throw failure;
      throw new ConfigError(`sources.${source.name}: ${failure.message} (in ${source.from})`, { cause: failure });
    }
  }
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
