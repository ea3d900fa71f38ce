/** The client at the other end of a connection, as a wire's own rules make of what it sends. */
export interface ServerPeer {
  /** Takes one message, UTF-8 that was checked to be. The bytes are good for the time of the call. */
  receive(message: Buffer): void;
  /** Takes a ping or a pong of WebSocket itself. True: it is within the rate and may be answered. */
  heartbeat(): boolean;
  /** The connection takes more again. */
  drained(): void;
  /** Closes the connection when one of its times has run out; called about once a second. */
  sweep(): void;
  /** Takes nothing new; resolves when what is under way is done, or the connection has ended. */
  finish(): Promise<void>;
  /** The connection is over, from either side; may be called twice. */
  ended(): void;
}
