import type { SourceContext, SourceTopic } from '@tidewall/contracts';
import { parseTopicName, type TopicKind, type TopicName } from '@tidewall/protocol';
import { ROW_NUMBER_FIELD } from '@tidewall/request';
import { z } from 'zod';
import { topicField } from './fields.ts';

const keyField = z.string().min(1).max(128).optional().describe('the field that identifies a row of a table');
const expectEveryMs = z.int().min(20).optional().describe('the cadence that news is expected at');

/** What a source of one topic says of it. @param standard its kind when the configuration names none */
export function outputFields<Kind extends TopicKind>(kinds: readonly [Kind, ...Kind[]], standard: NoInfer<Kind>) {
  return {
    topic: topicField.optional().describe("the topic that it feeds; the source's name when absent"),
    topicKind: z
      .enum(kinds)
      .default(standard as never)
      .describe('what the topic is'),
    keyField,
    expectEveryMs,
  };
}

/** As `outputFields`, for sources whose topics are named elsewhere in their configuration. */
export const manyOutputsFields = { keyField, expectEveryMs };

export interface Output {
  readonly topic?: TopicName | undefined;
  readonly topicKind: TopicKind;
  readonly keyField?: string | undefined;
  readonly expectEveryMs?: number | undefined;
}

/** The topic that such a source declares. Rows of a `table` without a key of their own are known by their number. */
export function outputTopic(output: Output, { name }: Pick<SourceContext, 'name'>): SourceTopic {
  const { topic = parseTopicName(name), topicKind: kind, keyField: key = ROW_NUMBER_FIELD, expectEveryMs } = output;
  return {
    topic,
    kind,
    ...(kind === 'table' ? { keyField: key } : {}),
    ...(expectEveryMs === undefined ? {} : { expectEveryMs }),
  };
}
