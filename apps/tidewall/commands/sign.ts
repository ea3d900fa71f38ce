import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { signConnect } from '@tidewall/gateways/native';
import { signTcvConnect } from '@tidewall/gateways/tcv/sign-connect';
import { type AskedFor, signRequest } from '@tidewall/host';
import { PROTOCOL_VERSION } from '@tidewall/protocol';
import { CommandFailure } from '../command-failure.ts';
import { readSecret } from '../read-secret.ts';

export interface SignOptions {
  /** What the client calls itself. */
  readonly name?: string;
  /** For the wire of Tencent Cloud 图. */
  readonly tcv?: boolean;
  /** `POST /api/topics/a/b`: a request instead of a connection. */
  readonly http?: string;
  /** Its body, or `@` and the name of a file that holds it, as of curl. */
  readonly data?: string;
}

/** Prints the first frame of a connection, or the header of a request, signed with a key; it is good once, and for a minute or five. */
export async function sign(keyId: string, { name, tcv, http, data = '' }: SignOptions): Promise<void> {
  if (http === undefined && data !== '')
    throw new CommandFailure('--data is the body of a request; say which by --http', 2);
  const asked = http === undefined ? undefined : readRequest(http);
  const body = data.startsWith('@') ? await readBody(data.slice(1)) : data;
  const given = process.env['TIDEWALL_KEY_SECRET'] ?? '';
  const secret = given === '' ? await readSecret() : given;
  const now = Date.now();
  const timestamp = Math.floor(now / 1000);
  if (asked === undefined) process.stdout.write(`${JSON.stringify(tcv ? tcvFrame() : nativeFrame())}\n`);
  else {
    const nonce = randomBytes(12).toString('base64url');
    process.stdout.write(`Authorization: ${signRequest({ keyId, secret }, asked, { timestamp, nonce, body })}\n`);
  }

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

function readRequest(text: string): AskedFor {
  const [, method, target] = /^([A-Z]+) (\/\S*)$/.exec(text) ?? [];
  if (method !== undefined && target !== undefined) return { method, target };
  const says = `--http must be a method and what follows the host, like 'POST /api/topics/a/b', got ${JSON.stringify(text)}`;
  throw new CommandFailure(says, 2);
}

async function readBody(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new CommandFailure(`${path} cannot be read: ${(cause as NodeJS.ErrnoException).code}`, 1, cause);
  }
}
