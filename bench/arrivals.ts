import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { signConnect } from '@tidewall/gateways/native';
import { signTcvConnect } from '@tidewall/gateways/tcv/sign-connect';
import type { Arrival } from './connect-load.ts';
import { SIGNING_KEYS } from './contenders/tidewall-rules.ts';
import { textFrame } from './wire.ts';

/*
 * The ways that a client can show who it is in its first frame.
 */

const ISSUER = { secret: 'https://secret.bench.example/', keys: 'https://keys.bench.example/' };
const AUDIENCE = 'bench';
const TOKEN_SECRET = 'a-secret-of-tokens-that-only-benchmarks-have';
const ACCEPTED = '"connect":{';
const HOUR_S = 3600;
/** So that no nonce is that of an earlier turn with the same server. */
const START = Math.floor(Date.now() / 1000) * 100_000;

const { privateKey, publicKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const signer: KeyObject = createPrivateKey(privateKey);

/** Lines of a configuration that take the tokens made here, and the screen that clients of TCV follow. */
export const ARRIVALS_CONFIG: readonly string[] = [
  `tokens: ${JSON.stringify({
    secret: { issuer: ISSUER.secret, audience: AUDIENCE, secret: TOKEN_SECRET },
    keys: { issuer: ISSUER.keys, audience: AUDIENCE, publicKey, algorithms: ['ES256'] },
  })}`,
  'foreignScreens: [hall]',
];

const nowS = () => Math.floor(Date.now() / 1000);
const keyOf = (client: number) => SIGNING_KEYS[client % SIGNING_KEYS.length] as (typeof SIGNING_KEYS)[number];
const connectFrame = (body: object) => [textFrame(JSON.stringify({ id: 1, connect: { version: 1, ...body } }))];

/** No two tokens are the same: one that was seen before is not checked again. */
function token(alg: string, issuer: string, client: number, made: (text: string) => Buffer): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg })}.${part({ iss: issuer, aud: AUDIENCE, sub: `c${client}`, exp: nowS() + HOUR_S })}`;
  return `${text}.${made(text).toString('base64url')}`;
}

export const ARRIVALS: Readonly<Record<string, Arrival>> = {
  'nothing shown': { path: '/ws', letInBy: ACCEPTED, says: () => connectFrame({}) },
  'key, native': {
    path: '/ws',
    letInBy: ACCEPTED,
    says(client) {
      const { id: keyId, secret } = keyOf(client);
      const nonce = `nonce-of-${START + client}`;
      return connectFrame({ key: signConnect({ keyId, secret }, { timestamp: nowS(), nonce }) });
    },
  },
  'signature of TCV': {
    path: '/tcv/hall',
    // A Connect is not answered; a Ping behind it is, when it was taken.
    letInBy: '"Pong"',
    says(client) {
      const { id: secretId, secret: secretKey } = keyOf(client);
      const body = signTcvConnect({ secretId, secretKey }, { TcvTimestamp: nowS(), TcvNonce: START + client });
      const say = (frame: object) => textFrame(JSON.stringify({ version: 1, ...frame }));
      return [say({ action: 'Connect', from: 'tcv-editor', body }), say({ action: 'Ping' })];
    },
  },
  'token, HS256': {
    path: '/ws',
    letInBy: ACCEPTED,
    says: (client) =>
      connectFrame({
        token: token('HS256', ISSUER.secret, client, (text) =>
          createHmac('sha256', TOKEN_SECRET).update(text).digest(),
        ),
      }),
  },
  'token, ES256': {
    path: '/ws',
    letInBy: ACCEPTED,
    says: (client) =>
      connectFrame({
        token: token('ES256', ISSUER.keys, client, (text) =>
          sign('sha256', Buffer.from(text), { key: signer, dsaEncoding: 'ieee-p1363' }),
        ),
      }),
  },
};
