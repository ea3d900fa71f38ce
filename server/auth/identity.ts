import type { IncomingMessage } from 'node:http';
import type { Principal } from '@tidewall/contracts';

/** One way to show who one is. */
export interface Identity {
  /**
   * Who has sent a request; undefined when it shows nothing of this kind. Only its head is looked at.
   *
   * @throws TidewallError unauthenticated, token_expired: what it shows is not, or not any more, what it must be
   */
  of(request: IncomingMessage): Principal | undefined | Promise<Principal | undefined>;
  /** As `of`, where a token comes in a frame. */
  ofToken?(token: string): Principal | undefined | Promise<Principal | undefined>;
}
