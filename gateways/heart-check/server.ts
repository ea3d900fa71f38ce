import type { GatewayDefinition } from '@tidewall/contracts';
import type { TopicName } from '@tidewall/protocol';
import { z } from 'zod';
import { EndedViews } from '../json/ended-views.ts';
import { JsonPeer } from '../json/json-peer.ts';
import { topicSetting } from '../json/topic-setting.ts';
import { WebSocketEndpoint } from '../websocket/endpoint.ts';
import { HeartConversation } from './heart-conversation.ts';
import { createHeartEncoding, OWN_TYPES } from './heart-encoding.ts';

const KIND = 'heart-check';
/** Where the data of a type is, when nothing is said: in the topic of that name below. */
const PREFIX = 'heart-check/';

/** What can be set of the wire, under `gateways: { heart-check: … }`. */
const settings = z.strictObject({
  /** The topic of each type; when absent, every topic `heart-check/<type>` is sent. */
  topics: z
    .record(
      z.string().refine((type) => !OWN_TYPES.has(type), `must not be one of ${[...OWN_TYPES].join(', ')}`),
      topicSetting,
    )
    .optional(),
  /** The most time between two `heartCheck`s; clients wait a second longer before they leave. */
  heartMs: z.int().min(2000).max(3_600_000).default(30_000),
});

/** Frames of `{ type, data }` with a token first and heartbeats that the server begins, at `/heart-check`. */
export const heartCheckGateway: GatewayDefinition<z.infer<typeof settings>> = {
  kind: KIND,
  path: '/heart-check',
  settings,
  create(context, { topics, heartMs }) {
    const endedViews = new EndedViews();
    const follows = topics === undefined ? [`${PREFIX}+`] : [...new Set(Object.values(topics))];
    const service = { context, endedViews, follows, heartMs };
    return new WebSocketEndpoint(context, {
      kind: KIND,
      encodings: { plain: createHeartEncoding(typesBy(topics), (view) => endedViews.ended(view)) },
      peer: (wire, arrived, _request, metrics) =>
        new JsonPeer({
          kind: KIND,
          context,
          metrics,
          wire,
          converse: (peer) => new HeartConversation(service, wire, peer, arrived),
        }),
    });
  },
};

function typesBy(topics: Readonly<Record<string, string>> | undefined): (topic: TopicName) => readonly string[] {
  if (topics === undefined) {
    return (topic) => [topic.slice(PREFIX.length)].filter((type) => !OWN_TYPES.has(type));
  }
  const types = new Map<string, string[]>();
  for (const [type, topic] of Object.entries(topics)) types.set(topic, [...(types.get(topic) ?? []), type]);
  return (topic) => types.get(topic) ?? [];
}
