import type { SourceTopic } from '@tidewall/contracts';
import { parseTopicName, type TopicKind, type TopicName } from '@tidewall/protocol';
import { z } from 'zod';
import { manyOutputsFields } from './output.ts';

/** Names at a far end are binary-safe in some of them; longer ones than this are a mistake. */
const MAX_NAME_LENGTH = 1024;
/** Entries of one list. */
const MOST_NAMES = 1000;

const FORMATS = ['json', 'text', 'auto'] as const;
export type MessageFormat = (typeof FORMATS)[number];

/** What a source whose far end sends it messages says of all its topics. */
export const messageFields = {
  format: z
    .enum(FORMATS)
    .default('json')
    .describe('how a message is read: as JSON, as a text, or (auto) as JSON where it is some and else as a text'),
  topicKind: z.enum(['log', 'state', 'series', 'table', 'signal']).default('log').describe('what the topics are'),
  ...manyOutputsFields,
};

/** As they are when they are checked. */
export interface MessageSettings {
  readonly format: MessageFormat;
  readonly topicKind: TopicKind;
  readonly keyField?: string | undefined;
  readonly expectEveryMs?: number | undefined;
}

/** What is listened to at the far end, by the topic that it feeds: a setting. @param faultOf what is wrong with a name */
export function namesByTopic(faultOf: (name: string) => string | undefined = () => undefined) {
  return z
    .record(z.string(), z.string().min(1).max(MAX_NAME_LENGTH))
    .superRefine((names, context) => {
      for (const [topic, name] of Object.entries(names)) {
        const fault = faultOfTopic(topic) ?? faultOf(name);
        if (fault !== undefined) context.addIssue({ code: 'custom', path: [topic], message: fault });
      }
    })
    .refine((names) => Object.keys(names).length <= MOST_NAMES, `must have at most ${MOST_NAMES} entries`)
    .default({});
}

/** What such a setting says, in its order. */
export function pairsOf(names: Readonly<Record<string, string>>): [TopicName, string][] {
  return Object.entries(names).map(([topic, name]) => [parseTopicName(topic), name]);
}

/** Where a configuration names what is listened to, for its complaints. */
export interface Listening {
  /** The setting that has names, each of which is one thing at the far end; and those names by topic. */
  readonly names: readonly [setting: string, Readonly<Record<string, string>>];
  /** The setting that has patterns, whose messages come by many names. */
  readonly patterns: readonly [setting: string, Readonly<Record<string, string>>];
}

/** For `superRefine`: whether messages that are read like that can be what the topics are. */
export function checkMessages(
  { format, topicKind: kind, keyField }: MessageSettings,
  { names: [, names], patterns: [patternsSetting, patterns] }: Listening,
  context: z.core.$RefinementCtx,
): void {
  const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
  const [pattern] = Object.values(patterns);
  if (kind === 'series' && format === 'text') complain('format', 'must be json or auto when topicKind is series');
  if (kind === 'series' && pattern !== undefined) {
    complain(patternsSetting, `must have no pattern (${pattern}) when topicKind is series: use a log or a table`);
  }
  if (kind !== 'table') return;
  const [name] = Object.values(names);
  if (format === 'text' && name !== undefined) complain('format', 'must be json or auto when topicKind is table');
  if (keyField === undefined && name !== undefined) {
    complain('keyField', 'must be given when topicKind is table, and not all messages come by a pattern');
  }
}

/**
 * The topic that such messages feed.
 *
 * @param nameField where a message of a pattern says which name it came by; it identifies the rows of a `table` that
 *   have no other key, so that the topic shows the newest of each name
 */
export function messageTopic(topic: TopicName, settings: MessageSettings, nameField?: string): SourceTopic {
  const { topicKind: kind, keyField: key = nameField, expectEveryMs } = settings;
  return {
    topic,
    kind,
    ...(kind === 'table' && key !== undefined ? { keyField: key } : {}),
    ...(expectEveryMs === undefined ? {} : { expectEveryMs }),
  };
}

function faultOfTopic(topic: string): string | undefined {
  try {
    parseTopicName(topic);
    return undefined;
  } catch (failure) {
    return (failure as Error).message;
  }
}
