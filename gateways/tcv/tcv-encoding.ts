import type { Encoding, Push } from '@tidewall/contracts';
import { CLOSE_CODES } from '@tidewall/protocol';
import { parseScreenTopic } from '@tidewall/screen';
import { closeFrame, textFrame } from '../websocket/server-frame.ts';

/** Codes below this one end a subscription for good. */
const MAY_COME_BACK = 2500;
const NOTHING = Buffer.alloc(0);

/**
 * Pushes of a screen's topics as frames of TCV, made once for all clients. What the wire has no word for is not told:
 * freshness, positions, who is there.
 */
export function createTcvEncoding(): Encoding {
  return {
    name: 'tcv/websocket',
    encode: (pushes) => (pushes.length === 1 ? frameOf(pushes[0]) : Buffer.concat(pushes.map(frameOf))),
  };
}

function frameOf(push: Push | undefined): Buffer {
  // More topics than a client may follow: it must not believe that it is told everything.
  if (push?.type === 'end' && push.code < MAY_COME_BACK)
    return closeFrame(CLOSE_CODES.connection_limit.code, push.reason);
  if (push?.type !== 'value' && push?.type !== 'merge') return NOTHING;
  const topic = parseScreenTopic(push.topic);
  if (topic?.type === 'element' && push.type === 'value') {
    const body = `[{"id":${JSON.stringify(topic.element)},"data":${push.json}}]`;
    return textFrame(`{"version":1,"action":"UpdateComponentData","body":${body}}`);
  }
  // A value that is no object came before it was said what variables are.
  if (topic?.type === 'variables' && push.json.startsWith('{')) {
    return textFrame(`{"version":1,"action":"UpdateGlobalField","body":${push.json}}`);
  }
  return NOTHING;
}
