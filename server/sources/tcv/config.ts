import { z } from 'zod';
import { socketUrlField } from '../socket-link.ts';
import { checkTls, tlsFields } from '../tls-fields.ts';

/** The ids of screens. */
const SCREEN = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** Configuration of a source of kind `tcv`. */
export const tcvConfigSchema = z
  .strictObject({
    url: socketUrlField,
    secretId: z.string().min(1).max(256).describe('SecretId of the access key that the backend knows'),
    secretKey: z.string().min(1).max(4096).describe('SecretKey of it'),
    screen: z
      .string()
      .regex(SCREEN, 'must be the id of a screen: small letters, digits, - and _')
      .describe('the screen whose elements and variables the backend drives'),
    heartbeatMs: z.int().min(1000).max(3_600_000).default(31_000).describe('after so long without a word it is asked'),
    expectEveryMs: z.int().min(20).optional().describe('the cadence that data of each element is expected at'),
    ...tlsFields,
  })
  .superRefine(checkTls);

export type TcvConfig = z.infer<typeof tcvConfigSchema>;
