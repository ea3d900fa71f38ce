import { createHmac } from 'node:crypto';
import type { JsonObject } from '@tidewall/base';
import type { ServerFrame } from '@tidewall/protocol';
import type { GatewayBed } from '../gateway-bed.contract.ts';
import type { CaseClient, GatewayCase } from '../gateway-case.contract.ts';
import type { FramesCase, HostileCase, NamesCase, SignedCase, UnknownCase } from '../hostile-case.contract.ts';

/*
 * What is hostile to a session of the native wire, whatever carries it.
 */

const KEY = { id: 'hall-screens', secrets: ['a-secret-of-thirty-two-characters'] };
/** SHA-256 of nothing: this version has no claims. */
const NO_CLAIMS = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** The parts of a case that are the same for all transports of the native wire. */
export function sessionsOf(gatewayCase: GatewayCase): Pick<HostileCase, 'signed' | 'frames'> & {
  readonly names: readonly NamesCase[];
  readonly unknown: readonly UnknownCase[];
} {
  return {
    signed: signedBy(gatewayCase),
    names: [topicNames(gatewayCase)],
    unknown: unknownTo(gatewayCase),
    frames: framesOf(gatewayCase),
  };
}

async function connected({ dial }: GatewayCase, port: number): Promise<CaseClient> {
  const client = await dial(port);
  client.send('{"id":1,"connect":{"version":1}}');
  await client.next();
  return client;
}

/** What a first frame is answered with, be it the last word. */
async function firstAnswer(gatewayCase: GatewayCase, port: number, text: string): Promise<ServerFrame> {
  const client = await gatewayCase.dial(port);
  client.send(text);
  const answer = await client.next();
  client.vanish();
  return answer;
}

function sign(timestamp: number, number: number): JsonObject {
  const nonce = `nonce-${String(number).padStart(4, '0')}`;
  const text = ['tidewall.v1', KEY.id, 'hall', timestamp, nonce, NO_CLAIMS].join('\0');
  const sig = createHmac('sha256', KEY.secrets[0] as string)
    .update(text)
    .digest('base64url');
  return { id: KEY.id, name: 'hall', timestamp, nonce, sig };
}

function signedBy(gatewayCase: GatewayCase): SignedCase {
  const sigOf = ({ sig }: JsonObject) => String(sig);
  return {
    ...{ key: KEY, skewS: 60, sign },
    forgeries: [
      ...[0, 17, 41].map((at) => ({
        title: `another character at ${at}`,
        forge: (key: JsonObject) => {
          const sig = sigOf(key);
          return { ...key, sig: `${sig.slice(0, at)}${sig[at] === 'A' ? 'B' : 'A'}${sig.slice(at + 1)}` };
        },
      })),
      { title: 'a shorter signature', forge: (key) => ({ ...key, sig: sigOf(key).slice(0, -1) }) },
      { title: 'a longer signature', forge: (key) => ({ ...key, sig: `${sigOf(key)}A` }) },
      { title: 'a signature with padding', forge: (key) => ({ ...key, sig: `${sigOf(key)}=` }) },
      { title: 'no signature', forge: (key) => ({ ...key, sig: '' }) },
      { title: 'another id', forge: (key) => ({ ...key, id: 'hall-screen' }) },
      { title: 'another name', forge: (key) => ({ ...key, name: 'hall-A-2' }) },
      { title: 'no name', forge: ({ name: _, ...key }) => key },
      { title: 'a second more', forge: (key) => ({ ...key, timestamp: Number(key['timestamp']) + 1 }) },
      { title: 'another nonce', forge: (key) => ({ ...key, nonce: `${String(key['nonce'])}0` }) },
      { title: 'parts that were moved', forge: (key) => ({ ...key, id: `${KEY.id}h`, name: 'all' }) },
    ],
    async knock(port, key) {
      const answer = await firstAnswer(gatewayCase, port, JSON.stringify({ id: 1, connect: { version: 1, key } }));
      if ('bye' in answer) return answer.bye.code;
      // What cannot be a signature at all is no connect.
      if ('error' in answer && answer.error !== undefined) return answer.error.code;
      return 'let in';
    },
  };
}

/** Each by a command that would read it. */
function topicNames(gatewayCase: GatewayCase): NamesCase {
  return {
    title: 'topics of a session',
    async answers(host, names) {
      const client = await connected(gatewayCase, host.port);
      const answers: string[] = [];
      for (const [id, topic] of names.entries()) {
        client.send(JSON.stringify({ id, history: { topic } }));
        answers.push(JSON.stringify(await client.next()));
      }
      client.vanish();
      return answers;
    },
  };
}

function unknownTo(gatewayCase: GatewayCase): UnknownCase[] {
  const unknown = (title: string, command: object, name: string): UnknownCase => ({
    ...{ title, counted: name, answer: { id: 7, error: { name } } },
    async ask({ port }: GatewayBed) {
      const client = await connected(gatewayCase, port);
      client.send(JSON.stringify({ id: 7, ...command }));
      const answer = await client.next();
      client.vanish();
      return answer;
    },
  });
  return [
    unknown('a command', { dance: {} }, 'unknown_command'),
    unknown('a command of every object', { constructor: {} }, 'unknown_command'),
    unknown('a subscription', { unsubscribe: { topic: 99 } }, 'not_subscribed'),
    unknown('a topic', { history: { topic: 'nowhere' } }, 'unknown_topic'),
    unknown('an operation', { publish: { topic: 'a', op: 'shuffle', data: 1 } }, 'bad_request'),
  ];
}

function framesOf(gatewayCase: GatewayCase): FramesCase {
  return {
    takes: ['websocket'],
    first: async (port, text) => JSON.stringify(await firstAnswer(gatewayCase, port, text)),
  };
}
