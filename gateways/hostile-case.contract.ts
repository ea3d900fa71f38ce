import type { JsonObject } from '@tidewall/base';
import type { GatewayDefinition, SigningKey } from '@tidewall/contracts';
import type { Limits } from '@tidewall/protocol';
import type { TestHost } from '@tidewall/testkit';
import type { GatewayBed } from './gateway-bed.contract.ts';
import type { RawClient } from './websocket/raw-client.contract.ts';

/** What a gateway's folder says of hostile input, so that one suite holds all gateways to the same. */
export interface HostileCase {
  readonly definition: GatewayDefinition;
  /** What is configured for the gateway. */
  readonly settings?: JsonObject;
  /** Where it speaks WebSocket; absent: nowhere. */
  readonly webSocket?: WebSocketCase;
  /** Those who open a link and say nothing on it. None where the head of a request says all: for that its host waits. */
  readonly silent: readonly SilentCase[];
  /** Every kind of request that a page may send here: `GET /poll?topic=a`, `upgrade /ws`. */
  readonly doors: readonly string[];
  /** Absent: nobody signs. */
  readonly signed?: SignedCase;
  /** Where strangers give names; none: nowhere. */
  readonly names: readonly NamesCase[];
  /** What its clients may ask for, and it does not know. */
  readonly unknown: readonly UnknownCase[];
  /** Absent: its clients send no frames of their own. */
  readonly frames?: FramesCase;
}

export interface WebSocketCase {
  readonly path: string;
  /** Says what lets a client in. */
  greet?(client: RawClient): Promise<void>;
  /** Whether compressed messages are agreed on. */
  readonly deflates: boolean;
  /** Where WebSocket is somebody else's: its ends, by the name of the attack, where they are not those of ours. */
  readonly ends?: Readonly<Record<string, number | 'cut'>>;
}

export interface SilentCase {
  readonly title: string;
  /** What it returns lets go of what the test itself holds. */
  open(port: number): Promise<() => void>;
  /** By what its end is counted. */
  readonly code: number;
  readonly withinMs: number;
  /** Its timers are the machine's: with these limits, which are shorter. */
  readonly realTime?: Partial<Limits>;
}

export interface SignedCase {
  readonly key: SigningKey;
  /** How far a clock may be off, seconds. */
  readonly skewS: number;
  /** A connect that is good, at a time in seconds. */
  sign(timestamp: number, nonce: number): JsonObject;
  /** Ways to change it, each of which nobody has signed. */
  readonly forgeries: readonly { readonly title: string; forge(connect: JsonObject): JsonObject }[];
  /** Comes with a connect: the code that it is refused with. */
  knock(port: number, connect: JsonObject): Promise<'let in' | number>;
}

export interface NamesCase {
  readonly title: string;
  /** What is answered to each of these names, all of it. The key is known to the host, where somebody signs. */
  answers(host: TestHost, names: readonly string[]): Promise<readonly string[]>;
  /** Whether each is counted as refused; false where a name may be passed over as no name of ours. */
  readonly counted?: false;
}

export interface UnknownCase {
  readonly title: string;
  /** Asks, as somebody who is let in; undefined: this wire has no answer to it. */
  ask(bed: GatewayBed): Promise<unknown>;
  readonly answer?: unknown;
  /** The reason by which it is counted. */
  readonly counted: string;
}

export interface FramesCase {
  /** Sends a text as its first frame; what it is told. */
  first(port: number, text: string): Promise<string>;
  /** Wires whose frames are frames of this one, too. */
  readonly takes: readonly string[];
}
