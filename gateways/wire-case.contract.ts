import type { JsonValue } from '@tidewall/base';
import type { GatewayDefinition, SigningKey } from '@tidewall/contracts';
import type { TopicKind } from '@tidewall/protocol';

/**
 * What the folder of a foreign wire gives so that the contract suite can be its client. Where the other side's own
 * software can be had, that is what dials.
 */
export interface WireCase {
  readonly definition: GatewayDefinition;
  /** What is configured for the gateway. */
  readonly settings?: object;
  readonly keys?: readonly SigningKey[];
  /** What a client that has joined follows, and data for it, each another one. */
  readonly topic: string;
  readonly kind: TopicKind;
  data(i: number): JsonValue;
  /** Opens a client that has said all that its wire asks for before it is sent anything. */
  join(port: number): Promise<JoinedClient>;
  /** What breaks the rules of the wire or of JSON. All of it is counted, and none is felt by anybody else. */
  readonly hostile: readonly { readonly title: string; send(client: JoinedClient): void }[];
}

export interface JoinedClient {
  /** The next data of the topic. Rejects when the connection ends before. */
  next(): Promise<JsonValue>;
  /** Sends raw text, on wires that take any. */
  send?(text: string): void;
  /** Resolves when the server has ended it. */
  readonly closed: Promise<void>;
  /** Stops and starts taking bytes off the network. */
  pause(): void;
  resume(): void;
  /** Is gone without a word, as when the plug is pulled. */
  vanish(): void;
}
