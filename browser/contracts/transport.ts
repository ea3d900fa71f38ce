/** What a transport reports. `closed` is called exactly once, also when opening fails, and nothing after it. */
export interface TransportEvents {
  opened(): void;
  /** Text that holds one or more frames, a line each. */
  received(text: string): void;
  /** @param code a close code of the wire, or what the platform said (1006: no word) */
  closed(code: number, reason: string): void;
}

export interface TransportLink {
  /** Sends one or more frames, a line each, in order; does nothing once closed. */
  send(text: string): void;
  close(code: number, reason: string): void;
}

/** The client's end of a wire. How long a link may take to open is for who opens it to say: it closes those that do not. */
export interface Transport {
  readonly name: string;
  /** @param url the server's base address, `http://hall:7070/` */
  open(url: string, events: TransportEvents): TransportLink;
}
