import type { SourceDefinition } from '@tidewall/contracts';
import { definition as csv } from './csv/index.ts';
import { definition as generator } from './generator/index.ts';
import { definition as host } from './host/index.ts';
import { definition as http } from './http/index.ts';
import { definition as kafka } from './kafka/index.ts';
import { definition as mqtt } from './mqtt/index.ts';
import { definition as nats } from './nats/index.ts';
import { definition as process } from './process/index.ts';
import { definition as prometheus } from './prometheus/index.ts';
import { definition as redis } from './redis/index.ts';
import { definition as replay } from './replay/index.ts';
import { definition as socketIo } from './socket-io/index.ts';
import { definition as sql } from './sql/index.ts';
import { definition as sqlite } from './sqlite/index.ts';
import { definition as sse } from './sse/index.ts';
import { definition as tcv } from './tcv/index.ts';
import { definition as tencentMonitor } from './tencent-monitor/index.ts';
import { definition as websocket } from './websocket/index.ts';

/** Every kind of source that there is, by its kind. A folder that is missing here fails the contract suite. */
export const sourceDefinitions: ReadonlyMap<string, SourceDefinition> = new Map(
  [
    csv,
    generator,
    host,
    http,
    kafka,
    mqtt,
    nats,
    process,
    prometheus,
    redis,
    replay,
    socketIo,
    sql,
    sqlite,
    sse,
    tcv,
    tencentMonitor,
    websocket,
  ].map((definition) => [definition.kind, definition as SourceDefinition]),
);
