import { z } from 'zod';
import { topicField } from '../fields.ts';
import { checkMessages, messageFields, namesByTopic } from '../message-fields.ts';
import { type ServerSchemes, serverUrlField } from '../server-url.ts';
import { checkTls, tlsFields } from '../tls-fields.ts';
import { faultOfSubject, hasWildcard } from './subject.ts';

export const NATS_SCHEMES: ServerSchemes = {
  'nats:': { port: 4222, tls: false },
  'tls:': { port: 4222, tls: true },
};

const MOST_STREAMS = 100;
const NAME = /^[^\s.*>/\\]{1,255}$/;

const subject = z
  .string()
  .min(1)
  .max(1024)
  .superRefine((text, context) => {
    const fault = faultOfSubject(text);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  });

/** Where the reading of a stream begins that was not read before. */
export const STREAM_STARTS = ['new', 'last', 'lastPerSubject', 'all'] as const;

const stream = z.strictObject({
  stream: z.string().regex(NAME, 'must be the name of a stream').describe('the name of the stream'),
  subject: subject.optional().describe('only messages of this subject, which may have wildcards; all when absent'),
  from: z
    .enum(STREAM_STARTS)
    .optional()
    .describe(
      'where to begin: after what is there (new), with the newest message (last), the newest of each subject (lastPerSubject), or the oldest (all); when absent new, of a state last, and of a table lastPerSubject',
    ),
});

export type StreamSettings = z.infer<typeof stream>;

/** Configuration of a source of kind `nats`. */
export const natsConfigSchema = z
  .strictObject({
    url: serverUrlField(NATS_SCHEMES, 'nats://host:4222 (tls:// for TLS)').describe(
      'the server: nats://host:4222, or tls://host:4222 for TLS',
    ),
    subjects: namesByTopic(faultOfSubject).describe(
      'subjects by the topic that they feed; with * or >, an entry says which subject it came by, and a table has a row for each of them',
    ),
    streams: z
      .record(z.string(), stream)
      .superRefine((streams, context) => {
        for (const topic of Object.keys(streams)) {
          const fault = topicField.safeParse(topic).error?.issues[0]?.message;
          if (fault !== undefined) context.addIssue({ code: 'custom', path: [topic], message: fault });
        }
      })
      .refine((streams) => Object.keys(streams).length <= MOST_STREAMS, `must have at most ${MOST_STREAMS} entries`)
      .default({})
      .describe('streams of JetStream by the topic that they feed: read on where they were, whatever happens between'),
    user: z.string().min(1).max(1024).optional().describe('who connects'),
    password: z.string().min(1).max(4096).optional().describe('the password of who connects'),
    token: z.string().min(1).max(4096).optional().describe('a token, in place of user and password'),
    domain: z.string().regex(NAME, 'must be the name of a domain').optional().describe('the domain of JetStream'),
    inboxPrefix: subject
      .refine((text) => !hasWildcard(text), 'must have no wildcards')
      .default('_INBOX')
      .describe('what the subjects of answers begin with, where this user may not listen to all of them'),
    keepAliveS: z
      .int()
      .min(2)
      .max(3600)
      .default(15)
      .describe('a link on which nothing came for one and a half of this is given up'),
    ...tlsFields,
    ...messageFields,
  })
  .superRefine((config, context) => {
    const { subjects, streams, user, password, token } = config;
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const both = Object.keys(subjects).find((topic) => Object.hasOwn(streams, topic));
    if (Object.keys(subjects).length + Object.keys(streams).length === 0) {
      complain('subjects', 'must name a subject, or streams a stream');
    }
    if (both !== undefined) complain('streams', `${both} is fed by both of subjects and streams`);
    if ((user === undefined) !== (password === undefined)) {
      complain(user === undefined ? 'user' : 'password', 'must be given, or neither of user and password');
    }
    if (token !== undefined && user !== undefined) complain('token', 'must not be given with user and password');
    const [exact, wild] = [false, true].map((isWild) => ({
      ...Object.fromEntries(Object.entries(subjects).filter(([, name]) => hasWildcard(name) === isWild)),
      ...Object.fromEntries(
        Object.entries(streams)
          .filter(([, each]) => manySubjects(each) === isWild)
          .map(([topic, each]) => [topic, each.subject ?? each.stream]),
      ),
    }));
    checkMessages(config, { names: ['subjects', exact ?? {}], patterns: ['subjects', wild ?? {}] }, context);
    checkTls(config, context);
  });

export type NatsConfig = z.infer<typeof natsConfigSchema>;

/** Whether what is read of a stream may be of several subjects. */
export function manySubjects({ subject: filter }: StreamSettings): boolean {
  return filter === undefined || hasWildcard(filter);
}
