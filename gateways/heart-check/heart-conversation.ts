import type { JsonObject } from '@tidewall/base';
import { arrivedAs, type GatewayContext, type Principal } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import type { EndedViews } from '../json/ended-views.ts';
import { Followings } from '../json/followings.ts';
import type { JsonConversation, JsonPeer } from '../json/json-peer.ts';
import type { NativeWire } from '../native/index.ts';

/*
 *              auth with a token                heartMs without its heartCheck, peer gone
 *   waiting ───────────────────────▶ let in ────────────────────────────────────────────▶ ended
 *     │  ▲                                                                                  ▲
 *     │  └─ noAuth ─┐                                                                       │
 *     ├─────────────┘                                                                       │
 *     └── connectTimeoutMs, peer gone ──────────────────────────────────────────────────────┘
 */

/** What all clients of the gateway share. */
export interface HeartService {
  readonly context: GatewayContext;
  readonly endedViews: EndedViews;
  /** Topics and patterns that everybody who is let in follows. */
  readonly follows: readonly string[];
  /** The most time between two `heartCheck`s. */
  readonly heartMs: number;
}

/** One client of the token-and-heartbeat wire. */
export class HeartConversation implements JsonConversation {
  readonly #service: HeartService;
  readonly #wire: NativeWire;
  readonly #peer: JsonPeer;
  readonly #arrived: Principal;
  readonly #openedAt: number;
  #beatAt: number;
  #unanswered = false;
  #followings: Followings | undefined;
  #ended = false;

  /** @param arrived who has come, before it has shown a token */
  constructor(service: HeartService, wire: NativeWire, peer: JsonPeer, arrived: Principal) {
    this.#service = service;
    this.#wire = wire;
    this.#peer = peer;
    this.#arrived = arrived;
    this.#openedAt = service.context.clock.monotonic();
    this.#beatAt = this.#openedAt;
  }

  take({ type, data }: JsonObject): void | Promise<void> {
    if (type === 'heartCheck') this.#unanswered = false;
    else if (type === 'auth') return this.#auth(data);
    else if (this.#followings === undefined) throw new TidewallError('unauthenticated', 'auth must be the first frame');
    else throw new TidewallError('unknown_command', 'a client may send auth and heartCheck');
  }

  refusal(_error: TidewallError, frame: JsonObject | undefined): string | undefined {
    return frame?.['type'] === 'auth' ? '{"type":"noAuth"}' : undefined;
  }

  drained(): void {
    this.#followings?.drained();
  }

  /** About once a second, and so a second early: a client waits a second longer than `heartMs`, and then leaves. */
  sweep(now: number): void {
    const { context, heartMs } = this.#service;
    const { connectTimeoutMs } = context.limits;
    if (this.#followings === undefined && now - this.#openedAt >= connectTimeoutMs) {
      this.#wire.close('connect_timeout', `no auth with a token within ${connectTimeoutMs} ms`);
    } else if (now - this.#beatAt >= heartMs - 1000) {
      if (this.#unanswered) this.#wire.close('no_pong', `no heartCheck for ${heartMs} ms`);
      else this.#peer.send('{"type":"heartCheck"}');
      this.#unanswered = true;
      this.#beatAt = now;
    }
  }

  ended(): void {
    this.#ended = true;
    this.#followings?.end();
  }

  async #auth(token: unknown): Promise<void> {
    if (typeof token !== 'string' || token.trim() === '') {
      throw new TidewallError('unauthenticated', 'a token is needed: { "type": "auth", "data": "<token>" }');
    }
    const { context, endedViews, follows } = this.#service;
    const first = this.#followings === undefined;
    const principal = arrivedAs(await context.identifyToken(token), this.#arrived);
    if (this.#ended) return;
    // Whoever shows another token goes on as who it was, or has to come again.
    this.#followings?.renew(principal);
    this.#followings ??= new Followings(context.hub.open(principal, this.#wire), endedViews, (failure) => {
      context.log.warn({ err: failure, gateway: 'heart-check' }, 'a client cannot be sent its topics any more');
      this.#wire.close('state_invalidated', 'what this client follows cannot be sent to it any more');
    });
    this.#peer.send('{"type":"auth","data":"auth ok"}');
    if (!first) return;
    try {
      for (const topic of follows) {
        if (!this.#ended) await this.#followings.follow({ topic, whole: 'value' });
      }
    } catch (failure) {
      // Let in and sent nothing, it would wait for ever.
      if (!(failure instanceof TidewallError)) throw failure;
      if (failure.kind === 'too_many_requests') return this.#wire.close('too_many_requests', failure.message);
      if (failure.kind !== 'limit_exceeded') throw failure;
      this.#wire.close('connection_limit', failure.message);
    }
  }
}
