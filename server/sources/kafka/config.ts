import { z } from 'zod';
import { checkMessages, messageFields, namesByTopic } from '../message-fields.ts';
import { checkTls, tlsFields } from '../tls-fields.ts';

const MOST_BROKERS = 20;
const DEFAULT_PORT = 9092;
const TOPIC = /^[A-Za-z0-9._-]{1,249}$/;

/** A broker as it is named in a configuration. */
export interface BrokerPlace {
  readonly host: string;
  readonly port: number;
}

const broker = z
  .string()
  .max(300)
  .refine((text) => placeOf(text) !== undefined, 'must be like host:9092, without a scheme');

/** Where the reading of a topic begins. */
export const KAFKA_STARTS = ['latest', 'last', 'earliest'] as const;

/** Configuration of a source of kind `kafka`. */
export const kafkaConfigSchema = z
  .strictObject({
    brokers: z
      .array(broker)
      .min(1, 'must name a broker')
      .max(MOST_BROKERS)
      .describe('brokers to ask for the others, as host:port; the first that answers'),
    topics: namesByTopic((name) => {
      return TOPIC.test(name) && name !== '.' && name !== '..'
        ? undefined
        : `must be the name of a topic of Kafka, got ${JSON.stringify(name)}`;
    }).describe('topics of Kafka by the topic that they feed'),
    from: z
      .enum(KAFKA_STARTS)
      .optional()
      .describe(
        'where to begin what was not read before: after what is there (latest), with the newest message of each partition (last), or the oldest (earliest); when absent latest, of a state last',
      ),
    sasl: z
      .strictObject({
        mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).describe('how the password is shown'),
        username: z.string().min(1).max(1024).describe('who connects'),
        password: z.string().min(1).max(4096).describe('the password of who connects'),
      })
      .optional()
      .describe('who connects, where brokers ask for that'),
    tls: z.boolean().default(false).describe('whether brokers are spoken to over TLS'),
    ...tlsFields,
    ...messageFields,
  })
  .superRefine((config, context) => {
    const { topics, topicKind: kind, keyField, tls, ca, cert, serverName, insecure } = config;
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (Object.keys(topics).length === 0) complain('topics', 'must name a topic of Kafka');
    if (!tls && (ca ?? cert ?? serverName) !== undefined)
      complain('tls', 'must be true where ca, cert or serverName are given');
    if (!tls && insecure) complain('tls', 'must be true where insecure is');
    // Rows of a table without a key of their own have that of their message.
    const names = kind === 'table' && keyField === undefined ? {} : topics;
    checkMessages(config, { names: ['topics', names], patterns: ['topics', {}] }, context);
    checkTls(config, context);
  });

export type KafkaConfig = z.infer<typeof kafkaConfigSchema>;

/** Undefined when that is no broker. */
export function placeOf(text: string): BrokerPlace | undefined {
  if (/[\s/@?#]/.test(text) || !URL.canParse(`kafka://${text}`)) return undefined;
  const { hostname, port, pathname } = new URL(`kafka://${text}`);
  if (hostname === '' || pathname !== '' || port === '0') return undefined;
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || DEFAULT_PORT) };
}
