import type { JsonObject } from '@tidewall/base';
import { arrivedAs, type GatewayContext, type NonceVerdict, type Principal, type Session } from '@tidewall/contracts';
import { type CloseName, TidewallError } from '@tidewall/protocol';
import { elementTopic, variablesTopic } from '@tidewall/screen';
import { SLUG } from '@tidewall/screen/schema';
import type { JsonConversation, JsonPeer } from '../json/json-peer.ts';
import type { GatewayMetrics, NativeWire } from '../native/index.ts';
import { checkSignature, type Signed, TakenSignature } from '../signed/index.ts';
import { readConnectBody } from './connect-body.ts';
import type { TcvSettings } from './settings.ts';

/*
 *             Connect, signed                    close, peer gone, key deleted
 *   waiting ────────────────▶ following the screen ───────────────────────────▶ ended
 *      │                                                                          ▲
 *      └── connectTimeoutMs, bad Connect, peer gone ──────────────────────────────┘
 */

export interface TcvConversationOptions {
  readonly context: GatewayContext;
  readonly settings: TcvSettings;
  readonly metrics: GatewayMetrics;
  readonly wire: NativeWire;
  /** Who has come before it was known whose key it has. */
  readonly arrived: Principal;
  /** What follows the gateway's path: '' or '/hall'. */
  readonly path: string;
}

const PONG = '{"version":1,"action":"Pong"}';
const MOST_NAME = 128;

/** Why a Connect is refused: a label for the metric, and what the client is told. */
interface Refusal {
  readonly reason: string;
  readonly code: CloseName;
  readonly says: string;
}

const WRONG: Omit<Refusal, 'reason'> = { code: 'bad_signature', says: 'TcvSignature is wrong' };
const OF_NONCES: Readonly<Record<Exclude<NonceVerdict, 'fresh'>, Omit<Refusal, 'reason'>>> = {
  skewed: {
    code: 'clock_skew',
    says: 'TcvTimestamp is too far from the clock of the server; set the clock, sign again',
  },
  repeated: { code: 'bad_signature', says: 'this TcvNonce was used before; sign again with another' },
  full: { code: 'too_many_requests', says: 'more signed connects than can be remembered; wait a minute' },
};

/** One client of TCV: who proves with its first frame that it has a key is sent what its screen is told. */
export class TcvConversation implements JsonConversation {
  readonly #options: TcvConversationOptions;
  readonly #peer: JsonPeer;
  readonly #openedAt: number;
  #signature: TakenSignature | undefined;
  #session: Session | undefined;

  constructor(peer: JsonPeer, options: TcvConversationOptions) {
    this.#peer = peer;
    this.#options = options;
    this.#openedAt = options.context.clock.monotonic();
  }

  take(frame: JsonObject): void | Promise<void> {
    const { action } = frame;
    if (action === 'Connect') return this.#connect(frame);
    if (this.#session === undefined) throw new TidewallError('unauthenticated', 'the first frame must be Connect');
    if (action !== 'Ping') throw new TidewallError('unknown_command', 'a client sends Connect and Ping');
    this.#peer.send(PONG);
  }

  drained(): void {
    this.#session?.drained();
  }

  sweep(now: number): void {
    const { wire, settings } = this.#options;
    if (this.#signature === undefined) {
      const { connectTimeoutMs } = settings;
      if (now - this.#openedAt < connectTimeoutMs) return;
      wire.close('connect_timeout', `no valid Connect within ${connectTimeoutMs} ms`);
    } else if (!this.#signature.stands) {
      wire.close('closed_by_operator', `what the key ${this.#signature.keyId} has signed is not valid any more`);
    }
  }

  ended(): void {
    this.#session?.end();
  }

  async #connect({ body, from }: JsonObject): Promise<void> {
    if (this.#session !== undefined) throw new TidewallError('bad_request', 'Connect came before; it comes once');
    const screen = this.#options.path.slice(1);
    const signature = this.#verify(body, screen);
    if (!(signature instanceof TakenSignature)) return this.#refuse(signature);
    const principal = this.#options.context.keys.principalOf(signature.keyId);
    // It may have run out since.
    if (principal === undefined) return this.#refuse({ reason: 'unknown_key', ...WRONG });
    this.#options.context.keys.noteUse(signature.keyId);
    const { hub } = this.#options.context;
    const name = typeof from === 'string' ? from.slice(0, MOST_NAME) : undefined;
    try {
      const session = hub.open(arrivedAs(principal, this.#options.arrived), this.#options.wire, name);
      this.#session = session;
      this.#signature = signature;
      // Both as patterns: a topic that is deleted is followed again when it comes back.
      const where = screen === '' ? '+' : screen;
      await session.subscribe({ topic: elementTopic(where, '+'), kind: 'state', whole: 'value' }, () => {});
      await session.subscribe({ topic: `${variablesTopic(where)}/#`, kind: 'state', delta: true }, () => {});
    } catch (failure) {
      if (!(failure instanceof TidewallError)) throw failure;
      const { kind: reason, message: says } = failure;
      if (reason === 'too_many_requests') return this.#refuse({ reason, code: reason, says });
      if (reason !== 'limit_exceeded') throw failure;
      this.#refuse({ reason, code: 'connection_limit', says });
    }
  }

  /** Its signature, or why it is refused. */
  #verify(body: JsonObject[string] | undefined, screen: string): TakenSignature | Refusal {
    const { context, settings } = this.#options;
    const connect = readConnectBody(body);
    if (typeof connect === 'string') return { reason: 'bad_connect', code: 'bad_frame', says: connect };
    const { secretId, timestamp, nonce, signature, text } = connect;
    const signed: Signed = { keyId: secretId, text, signature, encoding: 'base64' };
    const verdict = checkSignature(context.keys, signed);
    // What is wrong, the id or the signature, is for the operator to know.
    if (verdict !== 'signed') return { reason: verdict, ...WRONG };
    const { skewMs } = settings;
    // Only what was signed is remembered, or strangers could fill the memory.
    const word = { keyId: secretId, nonce: String(nonce), signedAt: timestamp * 1000, skewMs };
    const used = context.nonces.take(word);
    if (used !== 'fresh') return { reason: `nonce_${used}`, ...OF_NONCES[used] };
    if (screen !== '' && !SLUG.test(screen)) {
      const says = `the address names no screen: ${JSON.stringify(screen.slice(0, 64))} must match ${SLUG.source}`;
      return { reason: 'unknown_screen', code: 'bad_frame', says };
    }
    return new TakenSignature(context.keys, signed);
  }

  #refuse({ reason, code, says }: Refusal): void {
    this.#options.metrics.rejected(reason);
    this.#options.wire.close(code, says);
  }
}
