import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { signConnect } from '@tidewall/gateways/native';
import { signTcvConnect } from '@tidewall/gateways/tcv/sign-connect';
import { PROTOCOL_VERSION } from '@tidewall/protocol';
import { readSecret } from '../read-secret.ts';

export interface SignOptions {
  /** What the client calls itself. */
  readonly name?: string;
  /** For the wire of Tencent Cloud 图. */
  readonly tcv?: boolean;
}

/** Prints the first frame of a connection, signed with a key; it is good once, and for a minute or five. */
export async function sign(keyId: string, { name, tcv }: SignOptions): Promise<void> {
  const given = process.env['TIDEWALL_KEY_SECRET'] ?? '';
  const secret = given === '' ? await readSecret() : given;
  const now = Date.now();
  const timestamp = Math.floor(now / 1000);
  process.stdout.write(`${JSON.stringify(tcv ? tcvFrame() : nativeFrame())}\n`);

  function nativeFrame(): object {
    const nonce = randomBytes(12).toString('base64url');
    const key = signConnect({ keyId, secret }, { ...(name !== undefined && { name }), timestamp, nonce });
    return { id: 1, connect: { version: PROTOCOL_VERSION, key } };
  }

  function tcvFrame(): object {
    const fields = { TcvTimestamp: timestamp, TcvNonce: randomInt(2 ** 47) };
    const body = signTcvConnect({ secretId: keyId, secretKey: secret }, fields);
    const from = name ?? 'tidewall';
    return { version: 1, action: 'Connect', body, from, timestamp: now, clientId: randomUUID() };
  }
}
