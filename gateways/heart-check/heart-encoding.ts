import type { Encoding, Push } from '@tidewall/contracts';
import type { TopicName } from '@tidewall/protocol';
import { textFrame } from '../websocket/server-frame.ts';

/** What the wire itself says; no topic may speak in its name. */
export const OWN_TYPES: ReadonlySet<string> = new Set(['auth', 'noAuth', 'heartCheck']);

/** Publications as `{ type, data }`, a frame for each type that the topic is. */
export function createHeartEncoding(
  typesOf: (topic: TopicName) => readonly string[],
  ended: (view: number) => void,
): Encoding {
  return {
    name: 'heart-check/websocket',
    encode(pushes: readonly Push[]): Uint8Array {
      const frames: Buffer[] = [];
      for (const push of pushes) {
        if (push.type === 'end') ended(push.view);
        if (push.type !== 'value') continue;
        for (const type of typesOf(push.topic)) {
          frames.push(textFrame(`{"type":${JSON.stringify(type)},"data":${push.json}}`));
        }
      }
      return Buffer.concat(frames);
    },
  };
}
