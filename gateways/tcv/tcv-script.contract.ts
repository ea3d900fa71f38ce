import { createHmac, randomInt } from 'node:crypto';
import { WebSocket } from 'ws';

/*
 * A client of TCV as its users have written theirs: `ws`, and a signature made by hand from the table of the wire. It
 * shares no code with the server that it tries.
 */

export interface ScriptOptions {
  readonly port: number;
  /** `/tcv/hall` */
  readonly path?: string;
  readonly secretId: string;
  readonly secretKey: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly nonce?: number;
  /** More fields of the body, which are signed too. */
  readonly more?: Readonly<Record<string, string | number | boolean>>;
  /** Changes the body after it was signed. */
  readonly tamper?: (body: Record<string, unknown>) => unknown;
}

export interface ScriptFrame {
  readonly version: number;
  readonly action: string;
  readonly body?: unknown;
}

export interface TcvScript {
  readonly socket: WebSocket;
  /** The next frame. Rejects when the connection ends before. */
  next(): Promise<ScriptFrame>;
  send(action: string, body?: unknown): void;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

export function signedBody({ secretId, secretKey, timestamp, nonce, more }: Omit<ScriptOptions, 'port'>) {
  const fields: Record<string, string | number | boolean> = {
    ...more,
    TcvSecretId: secretId,
    TcvTimestamp: timestamp,
    TcvNonce: nonce ?? randomInt(2 ** 47),
  };
  const text = Object.entries(fields)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
  return { ...fields, TcvSignature: createHmac('sha256', secretKey).update(text).digest('base64') };
}

/** Opens a connection and says nothing. */
export async function openScript(port: number, path = '/tcv'): Promise<TcvScript> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  const frames: ScriptFrame[] = [];
  let wake = () => {};
  let over = false;
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      over = true;
      resolve({ code, reason: String(reason) });
      wake();
    });
  });
  socket.on('message', (data) => {
    frames.push(JSON.parse(String(data)) as ScriptFrame);
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.on('error', reject);
  });
  return {
    socket,
    closed,
    send: (action, body) =>
      socket.send(
        JSON.stringify({ version: 1, action, body, from: 'tcv-editor', timestamp: Date.now(), clientId: 'b7d1' }),
      ),
    async next() {
      while (frames.length === 0) {
        if (over) throw new Error('the connection ended');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return frames.shift() as ScriptFrame;
    },
  };
}

/** Opens a connection and sends its Connect. */
export async function connectScript(options: ScriptOptions): Promise<TcvScript> {
  const script = await openScript(options.port, options.path);
  const body = signedBody(options);
  script.send('Connect', options.tamper === undefined ? body : options.tamper(body));
  return script;
}
