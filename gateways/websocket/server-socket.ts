import { WebSocket } from 'ws';

/**
 * The WebSocket of a server that leaves it to its owner how to end with a peer that breaks the rules. `ws` would send
 * the close frame before it tells anybody, and our wire has a code and a last word of its own for that.
 */
export class ServerSocket extends WebSocket {
  /** Called instead of closing, with the code of RFC 6455 that fits what the peer did. */
  violated: ((rfcCode: number) => void) | undefined;

  override close(code?: number, reason?: string | Buffer): void {
    // A code without a reason comes only from ws' own receiver: echoing a peer's close frame passes its reason on.
    const byReceiver = code !== undefined && reason === undefined;
    if (byReceiver && this.violated !== undefined && this.readyState === WebSocket.OPEN) this.violated(code);
    else super.close(code, reason);
  }
}
