import type { Transport } from '@tidewall/browser-contracts/transport';

/** What a link reports. `closed` is called once. */
export interface WireEvents {
  opened(): void;
  /** One line of the wire. */
  line(text: string): void;
  closed(code: number): void;
}

/** A connection below the SDK: it sends what it is told, right or wrong, and can stop reading. */
export interface WireLink {
  send(text: string): void;
  /** Reads no more, so that what comes fills the server's buffers. */
  pause(): void;
  resume(): void;
  close(): void;
  /** Ends without a word, as a broken network does. */
  cut(): void;
}

/** Something that no client should send, and the code that a server must end the connection with. */
export interface Abuse {
  readonly says: string;
  readonly code: number;
  send(link: WireLink): void;
}

/** One way to reach a server. Whatever is tested is tested on each. */
export interface Wire {
  readonly name: string;
  /** A transport of the SDK. Its links are cut by `cut`. */
  createTransport(): { readonly transport: Transport; cut(): void };
  open(url: string, events: WireEvents): WireLink;
  /** What is wrong below the lines, in this wire's own way. */
  readonly abuses: readonly Abuse[];
}
