import type { Principal } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { authorizationOf } from '../authorization.ts';
import type { Identity } from '../identity.ts';
import { sameText } from '../same-text.ts';

/** What the token of the data folder begins with, so that it is told from all others. */
export const LOCAL_PREFIX = 'local:';

/**
 * Who can read the data folder may do everything: the commands of this machine show the token that lies there.
 *
 * @param token made anew at each start
 */
export function createLocalIdentity(token: string): Identity {
  const operator: Principal = { id: 'local', roles: ['admin'] };
  const ofToken = (shown: string): Principal | undefined => {
    if (!shown.startsWith(LOCAL_PREFIX)) return undefined;
    if (sameText(shown, `${LOCAL_PREFIX}${token}`)) return operator;
    throw new TidewallError('unauthenticated', 'the token of the data folder is another one; is this its server?');
  };
  return {
    of(request) {
      const shown = authorizationOf(request);
      return shown !== undefined && 'token' in shown ? ofToken(shown.token) : undefined;
    },
    ofToken,
  };
}
