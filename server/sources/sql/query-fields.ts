import { z } from 'zod';

/** The name that the last value of the cursor is bound by. */
export const CURSOR_PARAMETER = 'cursor';

/** What is asked, and how much the answer may be. */
export const queryFields = {
  query: z
    .string()
    .min(1)
    .describe('one statement that asks; `:name` stands for a parameter, `:cursor` for the last value of the cursor'),
  cursor: z
    .strictObject({
      column: z.string().min(1).max(200).describe('the column that only grows, by which the query is ordered'),
      start: z.union([z.string().max(1_000), z.number()]).describe('what :cursor is at first'),
    })
    .optional()
    .describe('reads only what is new: rows whose column is beyond :cursor'),
  timeField: z.string().min(1).max(200).optional().describe('the column that becomes t, in ms since 1970'),
  maxRows: z.int().min(1).max(1_000_000).default(100_000).describe('an answer of more rows is a failure'),
  maxBytes: z
    .int()
    .min(1_024)
    .max(256 * 1024 * 1024)
    .default(16 * 1024 * 1024)
    .describe('an answer of more bytes is a failure'),
};

/** What is asked, as it is configured. */
export interface QuerySettings {
  readonly query: string;
  readonly cursor?: { readonly column: string; readonly start: string | number } | undefined;
  readonly timeField?: string | undefined;
  readonly topicKind: string;
  readonly keyField?: string | undefined;
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** For `superRefine`: what of these does not go together. */
export function checkQuery(settings: QuerySettings, context: z.core.$RefinementCtx): void {
  const { cursor, topicKind, keyField } = settings;
  const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
  if (cursor === undefined) return;
  if (topicKind === 'state') complain('cursor', 'must be absent when topicKind is state');
  if (topicKind === 'table' && keyField === undefined) {
    complain('keyField', 'must be given when topicKind is table and only new rows are read (cursor)');
  }
}
