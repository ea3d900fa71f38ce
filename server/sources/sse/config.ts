import type { JsonValue } from '@tidewall/base';
import { parseTopicName } from '@tidewall/protocol';
import { isHeaderText } from '@tidewall/request';
import { z } from 'zod';
import { headersFields, httpTlsFields, httpUrlField, simpleAuthField } from '../http-fields.ts';
import { checkMessages, messageFields } from '../message-fields.ts';

const DAY_MS = 86_400_000;

const pickSchema = z.strictObject({
  event: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('only events of this name; message is that of events without one'),
  where: z
    .custom<JsonValue>((value) => value !== undefined, { error: 'must be given' })
    .optional()
    .describe('only events whose JSON has all of this, e.g. {"type": "oee"}'),
  path: z
    .string()
    .max(256)
    .optional()
    .describe("where in the event's JSON the data is, e.g. data.rows; all of it when absent"),
});

/** Configuration of a source of kind `sse`. */
export const sseConfigSchema = z
  .strictObject({
    url: httpUrlField.describe('the stream; `:name` stands for a parameter in its path and its query'),
    auth: simpleAuthField,
    ...headersFields,
    topics: z
      .record(z.string(), pickSchema)
      .default({})
      .describe("which events go to which topic; all of them to a topic of the source's name when absent"),
    eventField: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe('where the name of an event is told beside its data, e.g. event; nowhere when absent'),
    lastEventId: z
      .string()
      .max(1024)
      .refine(isHeaderText, 'must be printable ASCII on one line')
      .optional()
      .describe('where the stream is begun; what comes is remembered from then on'),
    timeoutMs: z
      .int()
      .min(100)
      .max(600_000)
      .default(10_000)
      .describe('a stream that has not begun after so long is a failure'),
    deadMs: z
      .int()
      .min(200)
      .max(DAY_MS)
      .default(60_000)
      .describe('a stream on which nothing came for so long, not even a comment, is dead'),
    ...httpTlsFields,
    ...messageFields,
  })
  .superRefine((config, context) => {
    const { topics, eventField, format } = config;
    const complain = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    for (const topic of Object.keys(topics)) {
      try {
        parseTopicName(topic);
      } catch (failure) {
        complain(['topics', topic], (failure as Error).message);
      }
    }
    const names = Object.fromEntries(
      (Object.keys(topics).length === 0 ? ['all'] : Object.keys(topics)).map((each) => [each, each]),
    );
    const none: readonly [string, Record<string, string>] = ['topics', {}];
    checkMessages(
      config,
      eventField === undefined
        ? { names: ['topics', names], patterns: none }
        : { names: none, patterns: ['eventField', { all: eventField }] },
      context,
    );
    const reads = Object.values(topics).some(({ where, path }) => where !== undefined || path !== undefined);
    if (reads && format === 'text') complain(['format'], 'must be json or auto when topics have where or path');
  });

export type SseConfig = z.output<typeof sseConfigSchema>;
