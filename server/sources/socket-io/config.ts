import type { JsonValue } from '@tidewall/base';
import { z } from 'zod';
import { checkMessages, messageFields, namesByTopic } from '../message-fields.ts';
import { checkTls, tlsFields } from '../tls-fields.ts';

const json = z.custom<JsonValue>((value) => value !== undefined, { error: 'must be given' });
const eventName = z.string().min(1).max(256);

/** Configuration of a source of kind `socket-io`. */
export const socketIoConfigSchema = z
  .strictObject({
    url: z
      .string()
      .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
        error: 'must be an address like http://localhost:5000, without the path of Socket.IO',
      })
      .describe('the server'),
    path: z.string().startsWith('/').max(256).default('/socket.io/').describe('where Socket.IO is on that server'),
    namespace: z
      .string()
      .startsWith('/')
      .max(256)
      .refine(staysOnHost, { error: 'must not begin with two slashes: that would name another server' })
      .default('/')
      .describe('the namespace'),
    rooms: namesByTopic().describe(
      'rooms by topic: each is joined while its topic is watched; its connection ends after that, which leaves it',
    ),
    events: namesByTopic().describe('events by topic, for servers without rooms'),
    event: eventName.default('update_data').describe('the event that carries the data of a room'),
    join: eventName.default('join').describe('the event that joins a room, with {"room": …}'),
    send: z
      .array(z.strictObject({ event: eventName, data: json.optional() }))
      .max(100)
      .default([])
      .describe('events that are sent first, to sign in and to subscribe'),
    auth: z.record(z.string(), json).default({}).describe('what is sent with the connect packet'),
    headers: z.record(z.string(), z.string()).default({}).describe('of the requests that open the connection'),
    query: z.record(z.string(), z.string()).default({}).describe('of the addresses that open the connection'),
    transports: z
      .array(z.enum(['websocket', 'polling']))
      .min(1)
      .max(2)
      .default(['websocket', 'polling'])
      .describe('how it connects, in this order'),
    ...tlsFields,
    ...messageFields,
  })
  .superRefine((config, context) => {
    const { rooms, events } = config;
    const topics = [...Object.keys(rooms), ...Object.keys(events)];
    const twice = topics.find((topic, index) => topics.indexOf(topic) !== index);
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (topics.length === 0) complain('rooms', 'must name a room, or events an event');
    if (twice !== undefined) complain('rooms', `${twice} is fed by both rooms and events`);
    if (Object.keys(rooms).length > MOST_ROOMS) complain('rooms', `must have at most ${MOST_ROOMS} entries`);
    checkMessages(config, { names: ['rooms', { ...rooms, ...events }], patterns: ['rooms', {}] }, context);
    checkTls(config, context);
  });

/** Each is a connection of its own: an event does not say which room it is of. */
const MOST_ROOMS = 100;

/** Whether a path leads to no other server when it is put behind an address. A backslash is a slash there. */
function staysOnHost(path: string): boolean {
  return URL.canParse(path, 'http://host') && new URL(path, 'http://host').host === 'host';
}

export type SocketIoConfig = z.infer<typeof socketIoConfigSchema>;
