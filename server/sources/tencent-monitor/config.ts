import { z } from 'zod';
import { httpTlsFields, httpUrlField } from '../http-fields.ts';
import { outputFields } from '../output.ts';
import { checkPolling, pollingFields } from '../polling.ts';

const KINDS = ['series', 'table'] as const;
const name = (what: string) => z.string().min(1).max(200).describe(what);
/** What stands in a header. */
const word = z.string().regex(/^[!-~]{1,4096}$/, 'must be one word of printable ASCII');
/** Points of one series in one answer. */
export const MOST_POINTS = 1_440;
const DAY_MS = 86_400_000;

/** Configuration of a source of kind `tencent-monitor`. */
export const tencentMonitorConfigSchema = z
  .strictObject({
    secretId: word.describe('the key of the account: its SecretId'),
    secretKey: word.describe('its SecretKey'),
    sessionToken: word.optional().describe('the token of a key that is given for a time'),
    region: z
      .string()
      .regex(/^[a-z0-9-]{1,50}$/, 'must be a region like ap-guangzhou')
      .describe('where the instances are, like ap-guangzhou'),
    namespace: name('what is measured, like QCE/CVM'),
    metric: name('the metric, like CPUUsage'),
    instances: z
      .array(
        z
          .record(z.string().min(1).max(100), z.string().max(500))
          .refine((dimensions) => Object.keys(dimensions).length > 0, 'must have a dimension')
          .refine((dimensions) => Object.keys(dimensions).length <= 20, 'must have at most 20 dimensions'),
      )
      .min(1)
      .max(100)
      .describe(
        'what is asked for, each by its dimensions, like { InstanceId: ins-1a2b3c }; `:name` stands for a parameter',
      ),
    periodSeconds: z.int().min(1).max(86_400).default(300).describe('how far apart the points are, in seconds'),
    rangeMs: z
      .int()
      .min(1_000)
      .max(31 * DAY_MS)
      .default(3_600_000)
      .describe('how far back it is asked for'),
    legend: z
      .string()
      .max(500)
      .optional()
      .describe(
        'what a series is called: `{{InstanceId}}` stands for its dimension; all of its dimensions when absent',
      ),
    endpoint: httpUrlField
      .default('https://monitor.tencentcloudapi.com')
      .refine((text) => URL.canParse(text) && new URL(text).pathname === '/' && new URL(text).search === '', {
        error: 'must have nothing behind the host',
      })
      .describe('who is asked: https://monitor.ap-shanghai-fsi.tencentcloudapi.com for a finance region'),
    ...httpTlsFields,
    ...outputFields(KINDS, 'series'),
    ...pollingFields,
    intervalMs: pollingFields.intervalMs
      .unwrap()
      .default(60_000)
      .describe('how often, when nobody who watches says how often'),
    minIntervalMs: pollingFields.minIntervalMs
      .unwrap()
      .default(10_000)
      .describe('never more often: each question is counted'),
  })
  .superRefine((config, context) => {
    checkPolling(config, context);
    const { rangeMs, periodSeconds } = config;
    const points = Math.ceil(rangeMs / (periodSeconds * 1000)) + 1;
    if (points <= MOST_POINTS) return;
    const message = `must be at most ${(MOST_POINTS - 1) * periodSeconds * 1000}: an answer has at most ${MOST_POINTS} points`;
    context.addIssue({ code: 'custom', path: ['rangeMs'], message });
  });

export type TencentMonitorConfig = z.output<typeof tencentMonitorConfigSchema>;
export type Dimensions = TencentMonitorConfig['instances'][number];
