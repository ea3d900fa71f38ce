import { z } from 'zod';
import { headersFields, httpTlsFields, httpUrlField, simpleAuthField } from '../http-fields.ts';
import { outputFields } from '../output.ts';
import { checkPolling, pollingFields } from '../polling.ts';

const MAX_BYTES = 16 * 1024 * 1024;
const DAY_MS = 86_400_000;
/** Prometheus answers no question for more points of a series than these. */
const MOST_POINTS = 11_000;
const KINDS = ['table', 'series', 'state'] as const;

/** Configuration of a source of kind `prometheus`. */
export const prometheusConfigSchema = z
  .strictObject({
    url: httpUrlField.describe('the server, like http://localhost:9090'),
    query: z
      .string()
      .min(1)
      .max(16_384)
      .describe('what is asked, in PromQL; `:name` stands for a parameter as the value of a label: {job=:job}'),
    rangeMs: z
      .int()
      .min(1_000)
      .max(400 * DAY_MS)
      .optional()
      .describe('how far back it is asked for; only as it is now when absent'),
    stepMs: z.int().min(100).max(DAY_MS).default(15_000).describe('how far apart the points of a range are'),
    legend: z
      .string()
      .max(500)
      .optional()
      .describe('what a series is called: `{{instance}}` stands for its label; its name and all labels when absent'),
    auth: simpleAuthField,
    ...headersFields,
    ...httpTlsFields,
    maxRows: z.int().min(1).max(1_000_000).default(100_000).describe('an answer of more rows is a failure'),
    maxBytes: z
      .int()
      .min(1)
      .max(256 * 1024 * 1024)
      .default(MAX_BYTES)
      .describe('a longer answer is a failure'),
    ...outputFields(KINDS, 'table'),
    topicKind: z.enum(KINDS).optional().describe('what the topic is; when absent a table, of a range a series'),
    ...pollingFields,
  })
  .superRefine((config, context) => {
    checkPolling(config, context);
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const { rangeMs, stepMs, topicKind } = config;
    if (rangeMs === undefined) return;
    if (topicKind !== undefined && topicKind !== 'series')
      complain('topicKind', 'must be series when there is a rangeMs');
    if (rangeMs / stepMs > MOST_POINTS) {
      const least = Math.ceil(rangeMs / MOST_POINTS);
      complain('stepMs', `must be at least ${least}: Prometheus gives at most ${MOST_POINTS} points of a series`);
    }
  });

export type PrometheusConfig = z.output<typeof prometheusConfigSchema>;

/** What the topic is. */
export function kindOf({ topicKind, rangeMs }: PrometheusConfig): (typeof KINDS)[number] {
  return topicKind ?? (rangeMs === undefined ? 'table' : 'series');
}
