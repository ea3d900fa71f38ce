import { randomInt } from 'node:crypto';
import { signTcvConnect } from '@tidewall/gateways/tcv/sign-connect';
import { textFrame } from '../wire.ts';

/** The pair that clients of TCV sign with. */
export const TCV_KEY = { id: 'bench-key', secret: 'a-secret-that-only-benchmarks-have' };

/** The component whose data is pushed. */
export const TCV_ELEMENT = 'ChartColumnBasic_1_0_0_2_1700000000000';

/** The signed Connect of a client; no two have the same nonce. */
export function tcvGreeting(client: number): Buffer {
  const body = signTcvConnect(
    { secretId: TCV_KEY.id, secretKey: TCV_KEY.secret },
    { TcvTimestamp: Math.floor(Date.now() / 1000), TcvNonce: randomInt(1_000_000) * 100_000 + client },
  );
  return textFrame(JSON.stringify({ version: 1, action: 'Connect', from: 'tcv-editor', body }));
}
