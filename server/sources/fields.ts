import { parseTopicName, type TopicName } from '@tidewall/protocol';
import { z } from 'zod';

/** A topic's name in a configuration. */
export const topicField: z.ZodType<TopicName, unknown> = z.unknown().transform((value, context) => {
  try {
    return parseTopicName(value);
  } catch (failure) {
    context.addIssue({ code: 'custom', message: failure instanceof Error ? failure.message : String(failure) });
    return z.NEVER;
  }
});
