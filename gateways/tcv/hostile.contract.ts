import type { JsonObject } from '@tidewall/base';
import type { HostileCase, SignedCase } from '../hostile-case.contract.ts';
import { RawClient } from '../websocket/raw-client.contract.ts';
import { tcvGateway } from './server.ts';
import { connectScript, openScript, signedBody } from './tcv-script.contract.ts';

const KEY = { id: 'hall-screens', secrets: ['a-secret-of-thirty-two-characters'] };
const [SECRET = ''] = KEY.secrets;
/** Where the bed's clock begins. */
const NOW_S = 1_700_000_000;

const bodyAt = (timestamp: number, nonce?: number) =>
  signedBody({ secretId: KEY.id, secretKey: SECRET, timestamp, ...(nonce !== undefined && { nonce }) }) as JsonObject;
const connectText = (body: JsonObject) => JSON.stringify({ version: 1, action: 'Connect', body });

const signatureOf = (body: JsonObject) => String(body['TcvSignature']);

const FORGERIES: SignedCase['forgeries'] = [
  ...[0, 21, 42].map((at) => ({
    title: `another character at ${at}`,
    forge(body: JsonObject) {
      const text = signatureOf(body);
      return { ...body, TcvSignature: `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}` };
    },
  })),
  { title: 'no padding', forge: (body) => ({ ...body, TcvSignature: signatureOf(body).replace('=', '') }) },
  { title: 'more behind it', forge: (body) => ({ ...body, TcvSignature: `${signatureOf(body)}A` }) },
  { title: 'no signature', forge: (body) => ({ ...body, TcvSignature: '' }) },
  { title: 'another id', forge: (body) => ({ ...body, TcvSecretId: 'hall-screen' }) },
  { title: 'another nonce', forge: (body) => ({ ...body, TcvNonce: Number(body['TcvNonce']) + 1 }) },
  { title: 'a nonce that is a text', forge: (body) => ({ ...body, TcvNonce: String(body['TcvNonce']) }) },
  { title: 'a second more', forge: (body) => ({ ...body, TcvTimestamp: Number(body['TcvTimestamp']) + 1 }) },
  { title: 'a field that was not signed', forge: (body) => ({ ...body, Extra: 1 }) },
  {
    title: 'a field that was moved into another',
    forge: (body) => ({ ...body, TcvSecretId: `${body['TcvSecretId']}&TcvTimestamp=${body['TcvTimestamp']}` }),
  },
];

/** A client that has been let in, and what it has been told since. */
async function letIn(port: number) {
  const script = await connectScript({ port, secretId: KEY.id, secretKey: SECRET, timestamp: NOW_S });
  script.send('Ping');
  await script.next();
  return script;
}

export const hostileCase: HostileCase = {
  definition: tcvGateway,
  webSocket: {
    path: '/tcv/hall',
    deflates: false,
    async greet(client) {
      client.send(connectText(bodyAt(NOW_S)));
      client.send({ version: 1, action: 'Ping' });
      await client.line();
    },
  },
  silent: [
    {
      title: 'no Connect',
      async open(port) {
        const { socket } = await openScript(port);
        return () => socket.terminate();
      },
      code: 4502,
      withinMs: 10_000,
    },
  ],
  doors: ['upgrade /tcv', 'upgrade /tcv/hall'],
  signed: {
    ...{ key: KEY, skewS: 300, sign: bodyAt },
    forgeries: FORGERIES,
    async knock(port, body) {
      const { socket, next, send, closed } = await openScript(port);
      socket.send(connectText(body));
      send('Ping');
      const verdict = await Promise.race([
        next().then(
          () => 'let in' as const,
          () => undefined,
        ),
        closed,
      ]);
      socket.terminate();
      return verdict === 'let in' ? verdict : (await closed).code;
    },
  },
  names: [
    {
      title: 'screens',
      async answers(host, names) {
        const answers: string[] = [];
        for (const name of names) {
          // As it is written: a URL would be put in order first.
          const client = await RawClient.open(host.port, {}, `/tcv/${encodeURI(name).replaceAll('%25', '%')}`);
          client.send(connectText(bodyAt(Math.floor(Date.now() / 1000))));
          const end = await client.ended;
          answers.push(`${client.lines.join('\n')} ${JSON.stringify(end)}`);
          client.socket.destroy();
        }
        return answers;
      },
    },
  ],
  unknown: [
    {
      title: 'an action',
      async ask({ port }) {
        const script = await letIn(port);
        script.send('DropTables');
        // What is answered to this is the next that comes.
        script.send('Ping');
        const { action } = await script.next();
        script.socket.terminate();
        return action;
      },
      answer: 'Pong',
      counted: 'unknown_command',
    },
    {
      title: 'a key',
      async ask({ port }) {
        const stranger = { secretId: 'nobody', secretKey: SECRET, timestamp: NOW_S };
        return (await connectScript({ port, ...stranger })).closed;
      },
      answer: { code: 4500, reason: 'TcvSignature is wrong' },
      counted: 'unknown_key',
    },
  ],
  frames: {
    takes: ['tcv'],
    async first(port, text) {
      const script = await openScript(port);
      script.socket.send(text);
      return (await script.closed).reason;
    },
  },
};
