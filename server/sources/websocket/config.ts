import type { JsonValue } from '@tidewall/base';
import { parseTopicName } from '@tidewall/protocol';
import { z } from 'zod';
import { checkMessages, messageFields } from '../message-fields.ts';
import { socketUrlField } from '../socket-link.ts';
import { checkTls, tlsFields } from '../tls-fields.ts';

const json = z.custom<JsonValue>((value) => value !== undefined, { error: 'must be given' });
/** A text is sent as it is, everything else as JSON. */
const frame = json.describe('a text as it is, everything else as JSON');
const DAY_MS = 86_400_000;

const pickSchema = z.strictObject({
  where: json.optional().describe('only frames that have all of this, e.g. {"type": "oee"}'),
  path: z
    .string()
    .max(256)
    .optional()
    .describe('where in the frame the data is, e.g. data.rows; all of it when absent'),
});

/** Configuration of a source of kind `websocket`. */
export const websocketConfigSchema = z
  .strictObject({
    url: socketUrlField,
    headers: z.record(z.string(), z.string()).default({}).describe('of the request that opens the connection'),
    protocols: z.array(z.string().min(1)).max(10).default([]).describe('subprotocols that are offered'),
    /** What is said when the connection is open: who asks, and what for. */
    send: z.array(frame).max(100).default([]).describe('frames that are sent first, to sign in and to subscribe'),
    topics: z
      .record(z.string(), pickSchema)
      .default({})
      .describe("which frames go to which topic; all of them to a topic of the source's name when absent"),
    heartbeat: z
      .strictObject({
        send: frame
          .optional()
          .describe('what is sent, e.g. ping or {"type": "ping"}; a ping of WebSocket itself when absent'),
        everyMs: z.int().min(100).max(DAY_MS).default(25_000).describe('how often'),
        deadMs: z
          .int()
          .min(200)
          .max(DAY_MS)
          .default(60_000)
          .describe('a link on which nothing came for so long is dead'),
        ignore: z
          .array(json)
          .max(20)
          .default(['pong', 'ping', 'HeartBeat'])
          .describe('frames that are no data: a text, or JSON that has all of this'),
        answer: z
          .array(z.strictObject({ to: json, with: frame }))
          .max(20)
          .default([])
          .describe(
            'frames that are no data and are answered, e.g. {"to": {"type": "heartCheck"}, "with": {"type": "heartCheck"}}',
          ),
      })
      .prefault({})
      .describe('how a link that is dead though nobody has closed it is noticed'),
    ...tlsFields,
    ...messageFields,
  })
  .superRefine((config, context) => {
    for (const topic of Object.keys(config.topics)) {
      try {
        parseTopicName(topic);
      } catch (failure) {
        context.addIssue({ code: 'custom', path: ['topics', topic], message: (failure as Error).message });
      }
    }
    const names = Object.fromEntries(Object.keys(config.topics).map((topic) => [topic, topic]));
    checkMessages(
      config,
      { names: ['topics', Object.keys(names).length === 0 ? { all: 'all' } : names], patterns: ['topics', {}] },
      context,
    );
    checkTls(config, context);
    const { everyMs, deadMs } = config.heartbeat;
    if (deadMs <= everyMs) {
      const message = `must be more than heartbeat.everyMs, ${everyMs}`;
      context.addIssue({ code: 'custom', path: ['heartbeat', 'deadMs'], message });
    }
    const reads = Object.values(config.topics).some(({ where, path }) => where !== undefined || path !== undefined);
    if (reads && config.format === 'text') {
      context.addIssue({
        code: 'custom',
        path: ['format'],
        message: 'must be json or auto when topics have where or path',
      });
    }
  });

export type WebSocketConfig = z.infer<typeof websocketConfigSchema>;
