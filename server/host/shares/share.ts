import { parseAddressList } from '@tidewall/outgoing';
import { SLUG, VARIABLE_NAME } from '@tidewall/screen/schema';
import { z } from 'zod';

const time = z.number().min(0).max(8.64e15);
const value = z.union([z.string().max(256), z.number(), z.boolean()]);

export const shareNameSchema = z.string().max(128).describe('what you call it');
export const shareEndSchema = time.describe('when it ends, ms since 1970');
export const shareAddressesSchema = z
  .array(z.string().max(64))
  .max(100)
  .superRefine((entries, context) => {
    for (const [at, entry] of entries.entries()) {
      try {
        // A name would have to be looked up backwards, which its owner could answer as he likes.
        if (!/^[0-9a-f.:]+(\/\d+)?$/i.test(entry))
          throw new TypeError('must be an address, or a network like 10.0.0.0/8');
        parseAddressList([entry]);
      } catch (failure) {
        context.addIssue({ code: 'custom', path: [at], message: (failure as Error).message });
      }
    }
  })
  .describe('addresses and networks from which it may be opened; all when absent');
export const shareViewsSchema = z.int().min(1).max(1_000_000_000).describe('how often it may be opened');
export const shareVariablesSchema = z
  .record(z.string().regex(VARIABLE_NAME), value)
  .refine((variables) => Object.keys(variables).length <= 50, 'must be at most 50')
  .describe('values of variables that who opens it cannot change');
export const sharePasswordSchema = z.string().refine((text) => text.length >= 4 && text.length <= 256, {
  error: 'must have 4 to 256 characters',
});
export const shareKeySchema = z
  .string()
  .max(64)
  .describe('the id of a key: only links that it has signed are good; anybody with the address otherwise');

/** A shared screen as it is kept. */
export const shareSchema = z.strictObject({
  screen: z.string().regex(SLUG),
  name: shareNameSchema,
  createdAt: time,
  /** Changes when who has opened it must open it again. */
  stamp: z.string(),
  disabled: z.boolean(),
  views: z.int().min(0),
  expiresAt: shareEndSchema.optional(),
  passwordHash: z.string().optional(),
  addresses: shareAddressesSchema.optional(),
  mostViews: shareViewsSchema.optional(),
  variables: shareVariablesSchema.default({}),
  signedBy: shareKeySchema.optional(),
});
export interface Share extends z.infer<typeof shareSchema> {
  /** Part of its address: whoever knows it can open it, unless more is asked for. */
  readonly id: string;
}

/** As who may share its screen is told of it. */
export type ShownShare = Omit<Share, 'passwordHash' | 'stamp'> & { readonly hasPassword: boolean };

export function shownShare({ passwordHash, stamp: _, ...share }: Share): ShownShare {
  return { ...share, hasPassword: passwordHash !== undefined };
}

/** Whether anybody is let in by it, as far as time and the operator go. */
export function isOpen({ disabled, expiresAt }: Share, now: number): boolean {
  return !disabled && (expiresAt === undefined || now < expiresAt);
}
