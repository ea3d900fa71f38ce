import { parseTopicName, TidewallError, type TopicName } from '@tidewall/protocol';
import { z } from 'zod';
import { topicSetting } from '../json/topic-setting.ts';

/** What can be set of the wire, under `gateways: { socket-io: … }`. */
export const socketIoSettings = z.strictObject({
  /** Stands before a room's name to make the topic's, where `rooms` does not name one. */
  prefix: z.string().max(200).default(''),
  /** The event that a room's members are sent. */
  event: z.string().min(1).max(100).default('update_data'),
  /** Topics of rooms whose names are not those of their topics. */
  rooms: z.record(z.string(), topicSetting).default({}),
});

export type SocketIoSettings = z.infer<typeof socketIoSettings>;

/** The topic that a room is. @throws TidewallError bad_request when no topic can have such a name */
export function createRoomTopics({ prefix, rooms }: SocketIoSettings): (room: unknown) => TopicName {
  const known = new Map(Object.entries(rooms).map(([room, topic]) => [room, parseTopicName(topic)]));
  return (room) => {
    // Python's rooms are often numbers.
    const name = typeof room === 'number' ? String(room) : room;
    if (typeof name !== 'string' || name === '') {
      throw new TidewallError('bad_request', 'a room is needed: emit the event with { room: "<its name>" }');
    }
    return known.get(name) ?? parseTopicName(prefix + name);
  };
}
