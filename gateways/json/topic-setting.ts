import { parseTopicName } from '@tidewall/protocol';
import { z } from 'zod';

/** A topic's name in the settings of a gateway; what is wrong with one is said in the words of its parser. */
export const topicSetting = z.string().superRefine((text, context) => {
  try {
    parseTopicName(text);
  } catch (failure) {
    context.addIssue({ code: 'custom', message: (failure as Error).message });
  }
});
