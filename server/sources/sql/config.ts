import { z } from 'zod';
import { outputFields } from '../output.ts';
import { checkPolling, pollingFields } from '../polling.ts';
import { checkTls, tlsFields } from '../tls-fields.ts';
import { DIALECTS } from './dialects.ts';
import { checkQuery, queryFields } from './query-fields.ts';
import { checkAddress, HOST } from './read-address.ts';
import { parseStatement } from './statement/parse-statement.ts';
import { timeZoneField } from './values/time-zone.ts';

/** Configuration of a source of kind `sql`. */
export const sqlConfigSchema = z
  .strictObject({
    url: z
      .string()
      .max(2_000)
      .optional()
      .describe('postgres://user:password@host:5432/database, or mysql://, mariadb://, clickhouse://'),
    dialect: z
      .enum(['postgres', 'mysql', 'mariadb', 'clickhouse'])
      .optional()
      .describe('which database it is, where no url says so'),
    host: z
      .string()
      .max(255)
      .regex(HOST, 'must be the name or the address of a host')
      .optional()
      .describe('where it is, where no url says so'),
    port: z.int().min(1).max(65_535).optional().describe('5432, 3306 or 8123 when absent'),
    user: z.string().min(1).max(200).optional().describe('who asks: a user that may only SELECT'),
    password: z.string().max(1_000).optional().describe('the password of the user'),
    database: z.string().max(200).optional().describe('which of its databases'),
    tls: z
      .strictObject(tlsFields)
      .superRefine(checkTls)
      .optional()
      .describe('present, also empty: the connection is encrypted, and the certificate checked'),
    allowSuperuser: z.boolean().default(false).describe('take a user that could do more than read'),
    timezone: timeZoneField,
    ...queryFields,
    ...outputFields(['table', 'state', 'series', 'log'], 'table'),
    ...pollingFields,
  })
  .superRefine((config, context) => {
    checkPolling(config, context);
    checkQuery(config, context);
    const dialect = checkAddress(config, context);
    if (dialect === undefined) return;
    try {
      parseStatement(config.query, DIALECTS[dialect].syntax);
    } catch (failure) {
      context.addIssue({ code: 'custom', path: ['query'], message: (failure as Error).message });
    }
  });

export type SqlConfig = z.output<typeof sqlConfigSchema>;
