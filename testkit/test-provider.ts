import { createHash, createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type TestServer, TestServers } from './test-servers.ts';

type Members = Record<string, unknown>;

/** What a provider does otherwise than it should, each on top of what an honest one does. */
export interface ProviderLies {
  readonly discovery?: Members;
  /** Of the address that the browser is led back to; undefined takes one away. */
  readonly answer?: Readonly<Record<string, string | undefined>>;
  /** Of the ID token; undefined takes one away. */
  readonly claims?: Members;
  readonly header?: Members;
  /** `none`: no signature. `stranger`: by a key that it does not publish. `hmac`: by a text that others know, too. */
  readonly signature?: 'none' | 'stranger' | { readonly hmac: string };
  /** Instead of what it answers to a code. */
  readonly token?: { readonly status: number; readonly body: string; readonly location?: string };
}

interface Asked {
  readonly challenge: string;
  readonly nonce: string;
  readonly redirectUri: string;
}

const CLIENT = 'wall';
const PATH = '/.well-known/openid-configuration';

/**
 * A provider of OpenID Connect in the hands of a test: an honest one until it is told to lie. It checks what a strict one checks:
 * the client, its secret, the address, the verifier, and that a code comes once.
 */
export class TestProvider {
  lies: ProviderLies = {};
  /** Claims of whoever signs in. */
  person: Members = { sub: '4711', name: 'Ann Lee' };
  readonly clientId = CLIENT;
  readonly clientSecret = 'a secret & a half: 100 %';
  readonly server: TestServer;
  readonly #servers: TestServers;
  readonly #keys = { own: rsa(), stranger: rsa() };
  readonly #codes = new Map<string, Asked>();

  private constructor(servers: TestServers, server: TestServer) {
    this.#servers = servers;
    this.server = server;
  }

  static async start(): Promise<TestProvider> {
    const servers = new TestServers();
    let provider: TestProvider | undefined;
    const server = await servers.http((request, response, body) => {
      const { status, text, location } = (provider as TestProvider).#respond(request, body);
      response.writeHead(status, { 'content-type': 'application/json', ...(location && { location }) }).end(text);
    });
    provider = new TestProvider(servers, server);
    return provider;
  }

  /** `http://localhost:40123` */
  get issuer(): string {
    return `http://localhost:${this.server.port}`;
  }

  /** The public key, as text that anybody can read. */
  get publicKey(): string {
    return this.#keys.own.publicKey.export({ format: 'pem', type: 'spki' }) as string;
  }

  /** Does what a browser and a person do at it. @returns where the browser is led back to */
  authorize(address: string): string {
    const { origin, pathname, searchParams } = new URL(address);
    const one = (name: string) => searchParams.get(name) ?? '';
    if (`${origin}${pathname}` !== `${this.issuer}/authorize`) throw new Error(`led to ${address}`);
    if (one('client_id') !== CLIENT || one('response_type') !== 'code' || one('code_challenge_method') !== 'S256') {
      throw new Error(`asked for ${searchParams}`);
    }
    const code = randomUUID();
    this.#codes.set(code, {
      ...{ challenge: one('code_challenge'), nonce: one('nonce'), redirectUri: one('redirect_uri') },
    });
    const back = new URL(one('redirect_uri'));
    const answer = { code, state: one('state'), ...this.lies.answer };
    for (const [name, value] of Object.entries(answer)) if (value !== undefined) back.searchParams.set(name, value);
    return back.href;
  }

  close(): Promise<void> {
    return this.#servers.close();
  }

  #respond({ url, headers }: IncomingMessage, body: string): { status: number; text: string; location?: string } {
    const json = (value: unknown, status = 200) => ({ status, text: JSON.stringify(value) });
    if (url === PATH) {
      return json({
        ...{ issuer: this.issuer, authorization_endpoint: `${this.issuer}/authorize` },
        ...{ token_endpoint: `${this.issuer}/token`, jwks_uri: `${this.issuer}/keys` },
        ...this.lies.discovery,
      });
    }
    if (url === '/keys') {
      const key = this.#keys.own.publicKey.export({ format: 'jwk' });
      return json({ keys: [{ ...key, kid: 'own', alg: 'RS256', use: 'sig' }] });
    }
    if (url !== '/token') return json({}, 404);
    if (this.lies.token !== undefined) {
      const { status, body: text, location } = this.lies.token;
      return { status, text, ...(location !== undefined && { location }) };
    }
    const form = new URLSearchParams(body);
    const [id = '', secret = ''] = decoded(headers.authorization).split(':').map(unformed);
    if (id !== CLIENT || secret !== this.clientSecret) return json({ error: 'invalid_client' }, 401);
    const asked = this.#codes.get(form.get('code') ?? '');
    this.#codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (asked?.challenge !== challenge || asked.redirectUri !== form.get('redirect_uri')) {
      return json({ error: 'invalid_grant' }, 400);
    }
    return json({ access_token: 'x', token_type: 'Bearer', id_token: this.#idToken(asked.nonce) });
  }

  #idToken(nonce: string): string {
    const now = Math.floor(Date.now() / 1000);
    const honest = { iss: this.issuer, aud: CLIENT, iat: now, exp: now + 300, nonce, ...this.person };
    const { signature = 'own', claims, header } = this.lies;
    const alg = signature === 'none' ? 'none' : typeof signature === 'object' ? 'HS256' : 'RS256';
    const part = (value: Members) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ alg, kid: 'own', ...header })}.${part({ ...honest, ...claims })}`;
    if (signature === 'none') return `${signed}.`;
    if (typeof signature === 'object')
      return `${signed}.${createHmac('sha256', signature.hmac).update(signed).digest('base64url')}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), this.#keys[signature].privateKey).toString('base64url')}`;
  }
}

function rsa() {
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

function decoded(authorization = ''): string {
  return Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
}

function unformed(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
