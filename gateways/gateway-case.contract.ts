import type { GatewayDefinition } from '@tidewall/contracts';
import type { CloseName, ServerFrame } from '@tidewall/protocol';

/** What a gateway's folder gives so that the contract suite can be its client. */
export interface GatewayCase {
  readonly definition: GatewayDefinition;
  /** Opens a client on a server of the loopback, not yet connected in the sense of the wire. */
  dial(port: number): Promise<CaseClient>;
  /** Other ways in which clients of this wire dial; all of them are held to the contract. */
  readonly variants?: readonly { readonly title: string; readonly dial: GatewayCase['dial'] }[];
  /** Input that this wire refuses by closing. */
  readonly refused: readonly {
    readonly title: string;
    readonly input: string | Uint8Array;
    readonly code: CloseName;
  }[];
  /** Makes input of the given number of bytes that is in order but for its size. */
  oversize(bytes: number): string;
}

/** The client end of one wire in a test. */
export interface CaseClient {
  send(input: string | Uint8Array): void;
  /** The next frame, one line of the wire. Rejects when the connection ends before. */
  next(): Promise<ServerFrame>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Stops and starts taking bytes off the network. */
  pause(): void;
  resume(): void;
  /** Is gone without a word, as when the plug is pulled. */
  vanish(): void;
}
