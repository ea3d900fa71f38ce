import { z } from 'zod';

/** What somebody did or was refused, without what was in it. */
export const auditEntrySchema = z.object({
  at: z.number().describe('ms since 1970'),
  who: z.string().describe('as `user:ann`, `key:tk7`, `anybody`'),
  address: z.string().optional().describe('where it came from'),
  what: z.string().describe('the call, `PUT /api/sources/{name}`, or what was wanted of a topic, `read`'),
  on: z.string().optional().describe('the name of what it was about'),
  outcome: z.enum(['done', 'refused', 'failed']),
  reason: z.string().optional().describe('the name of the error'),
  times: z.number().optional().describe('how often in the minute before; once when absent'),
});

export type AuditEntry = z.infer<typeof auditEntrySchema>;
