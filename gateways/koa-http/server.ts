import type { GatewayDefinition } from '@tidewall/contracts';
import { z } from 'zod';
import { chartTopicSettings, createChartTopics } from '../koa-socket/chart-topics.ts';
import { KoaTwins } from './koa-twins.ts';

/** What can be set of it, under `gateways: { koa-http: … }`. */
const settings = z.strictObject(chartTopicSettings);

/** `GET /api/<name>` as the Koa servers of the SocketService pages answer it, at `/koa` or on a port of its own. */
export const koaHttpGateway: GatewayDefinition<z.infer<typeof settings>> = {
  kind: 'koa-http',
  path: '/koa',
  below: true,
  settings,
  create: (context, names) => new KoaTwins(context, createChartTopics(names)),
};
