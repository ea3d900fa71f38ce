import type { JsonObject } from '@tidewall/base';
import type { Encoding, Push } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { createFrameEncoding } from '../websocket/server-frame.ts';

/** What a page asks with has a hundred characters; what is kept for each chart of each client must not be large. */
const MOST_HEAD = 1024;

/**
 * The start of the answer to a `getData`: the same object, ready for its data.
 *
 * @throws TidewallError bad_request when it is larger than anybody needs
 */
export function answerHead({ data: _, ...frame }: JsonObject): string {
  const head = JSON.stringify(frame).slice(0, -1);
  if (head.length <= MOST_HEAD) return head;
  throw new TidewallError('bad_request', `a getData has at most ${MOST_HEAD} characters, this one has ${head.length}`);
}

/** The whole answer; its data is a string, the JSON text of what was asked for. */
export function answerText(head: string, json: string): string {
  return `${head},"data":${JSON.stringify(json)}}`;
}

/**
 * What one client says, for all of its group: byte for byte as it came. What a program has published to the topic as an
 * object is sent as it is.
 */
export function createEchoEncoding(ended: (view: number) => void): Encoding {
  return createFrameEncoding('koa-socket/echo', (push) => {
    if (push.type === 'end') ended(push.view);
    if (push.type !== 'value') return undefined;
    const said: unknown = JSON.parse(push.json);
    return typeof said === 'string' ? said : push.json;
  });
}

/** The encodings of live answers: one for all clients that have asked in the same words, and so get the same bytes. */
export class AnswerEncodings {
  readonly #ended: (view: number) => void;
  readonly #byHead = new Map<string, { readonly encoding: Encoding; users: number }>();

  constructor(ended: (view: number) => void) {
    this.#ended = ended;
  }

  get size(): number {
    return this.#byHead.size;
  }

  take(head: string): Encoding {
    const known = this.#byHead.get(head);
    const entry = known ?? { encoding: this.#create(head), users: 0 };
    entry.users++;
    this.#byHead.set(head, entry);
    return entry.encoding;
  }

  giveBack(head: string): void {
    const entry = this.#byHead.get(head);
    if (entry !== undefined && --entry.users === 0) this.#byHead.delete(head);
  }

  #create(head: string): Encoding {
    return createFrameEncoding('koa-socket/answer', (push: Push) => {
      if (push.type === 'end') this.#ended(push.view);
      return push.type === 'value' ? answerText(head, push.json) : undefined;
    });
  }
}
