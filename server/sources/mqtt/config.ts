import { z } from 'zod';
import { checkMessages, messageFields, namesByTopic } from '../message-fields.ts';
import { type ServerSchemes, serverUrlField } from '../server-url.ts';
import { checkTls, tlsFields } from '../tls-fields.ts';
import { faultOfFilter, hasWildcard, levelsOf, levelsOverlap } from './topic-filter.ts';

export const MQTT_SCHEMES: ServerSchemes = {
  'mqtt:': { port: 1883, tls: false },
  'mqtts:': { port: 8883, tls: true },
};

/** Configuration of a source of kind `mqtt`. */
export const mqttConfigSchema = z
  .strictObject({
    url: serverUrlField(MQTT_SCHEMES, 'mqtt://host:1883 (mqtts:// for TLS)').describe(
      'the broker: mqtt://host:1883, or mqtts://host:8883 for TLS',
    ),
    filters: namesByTopic(faultOfFilter).describe(
      'topic filters of MQTT by the topic that they feed; with + or #, an entry says which topic it came by, and a table has a row for each of them',
    ),
    qos: z
      .literal([0, 1, 2])
      .default(0)
      .describe('quality of service: 0 at most once, 1 at least once, 2 exactly once'),
    retained: z
      .boolean()
      .optional()
      .describe(
        'whether what the broker had kept is taken; when absent, for a state and a table, which show the newest',
      ),
    protocol: z.enum(['3.1.1', '5']).default('3.1.1').describe('the version of MQTT'),
    username: z.string().min(1).max(1024).optional().describe('who connects'),
    password: z.string().min(1).max(65_535).optional().describe('the password of who connects'),
    clientId: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('the name of this client at the broker; a new one each time when absent'),
    persistent: z
      .boolean()
      .default(false)
      .describe('whether the broker keeps what comes while nobody watches; needs clientId, and a qos of 1 or 2'),
    sessionExpiryS: z
      .int()
      .min(1)
      .max(0xffff_fffe)
      .default(3600)
      .describe('how long it keeps that with MQTT 5; with 3.1.1 the broker has a setting for it'),
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
    const { filters, persistent, clientId, qos, username, password, protocol } = config;
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const all = Object.values(filters);
    if (all.length === 0) complain('filters', 'must name a topic filter');
    if (persistent && clientId === undefined) complain('clientId', 'must be given when persistent');
    if (persistent && qos === 0) complain('qos', 'must be 1 or 2 when persistent: nothing else is kept');
    // MQTT 3.1.1 has no way to send one without the other.
    if (password !== undefined && username === undefined && protocol === '3.1.1') {
      complain('username', 'must be given with password');
    }
    const overlapping = overlapOf(all);
    if (overlapping !== undefined) {
      const [one, other] = overlapping;
      complain('filters', `${one} and ${other} overlap: a message of both could come twice; put them in two sources`);
    }
    const [exact, wild] = [false, true].map((isWild) => {
      return Object.fromEntries(Object.entries(filters).filter(([, filter]) => hasWildcard(filter) === isWild));
    });
    checkMessages(config, { names: ['filters', exact ?? {}], patterns: ['filters', wild ?? {}] }, context);
    checkTls(config, context);
  });

export type MqttConfig = z.infer<typeof mqttConfigSchema>;

/** Two different filters that one message can match: whether it comes once or twice then is left to the broker. */
function overlapOf(filters: readonly string[]): readonly [string, string] | undefined {
  const all = [...new Set(filters)].map((filter) => ({ filter, levels: levelsOf(filter) }));
  for (const one of all.filter(({ filter }) => hasWildcard(filter))) {
    const other = all.find((each) => each !== one && levelsOverlap(one.levels, each.levels));
    if (other !== undefined) return [one.filter, other.filter];
  }
  return undefined;
}
