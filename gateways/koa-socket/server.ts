import type { GatewayDefinition } from '@tidewall/contracts';
import { z } from 'zod';
import { EndedViews } from '../json/ended-views.ts';
import { JsonPeer } from '../json/json-peer.ts';
import { WebSocketEndpoint } from '../websocket/endpoint.ts';
import { chartTopicSettings, createChartTopics } from './chart-topics.ts';
import { ServiceConversation } from './service-conversation.ts';
import { AnswerEncodings, createEchoEncoding } from './service-encoding.ts';

const KIND = 'koa-socket';

/** What can be set of the wire, under `gateways: { koa-socket: … }`. */
const settings = z.strictObject({
  ...chartTopicSettings,
  /** Whether an answer is sent again whenever its topic changes. */
  live: z.boolean().default(true),
  /** So many times a second at most: an answer is all that a topic holds, however little of it has changed. */
  rateHz: z.number().min(0.01).max(1000).default(10),
});

/** The frames of the SocketService pages, at `/socket-service` and, for each screen, at `/socket-service/<screen>`. */
export const koaSocketGateway: GatewayDefinition<z.infer<typeof settings>> = {
  kind: KIND,
  path: '/socket-service',
  below: true,
  settings,
  create(context, { live, rateHz, ...names }) {
    const endedViews = new EndedViews();
    const ended = (view: number) => endedViews.ended(view);
    const service = {
      context,
      endedViews,
      encodings: new AnswerEncodings(ended),
      live,
      rateHz,
      topicOf: createChartTopics(names),
    };
    return new WebSocketEndpoint(context, {
      kind: KIND,
      encodings: { plain: createEchoEncoding(ended) },
      peer: (wire, principal, { rest }, metrics) =>
        new JsonPeer({
          kind: KIND,
          context,
          metrics,
          wire,
          converse: (peer) => new ServiceConversation(service, { wire, principal, group: rest }, peer),
        }),
    });
  },
};
