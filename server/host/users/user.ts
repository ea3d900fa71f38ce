import { roleSchema } from '@tidewall/access';
import { z } from 'zod';

/** Signs in under it; it is looked up, never joined to a path. */
export const userNameSchema = z.string().regex(/^[a-z0-9][a-z0-9._@-]{0,63}$/, 'must match [a-z0-9][a-z0-9._@-]{0,63}');
/** A sentence is easier to keep than a riddle (NIST SP 800-63B). The message repeats none of it. */
export const passwordSchema = z.string().refine((text) => text.length >= 10 && text.length <= 256, {
  error: 'must have 10 to 256 characters',
});
export const rolesSchema = z.array(roleSchema).max(64);

const time = z.number().min(0).max(8.64e15);

/** A user as the file has it. */
export const userSchema = z.strictObject({
  name: userNameSchema,
  roles: rolesSchema,
  hash: z.string(),
  createdAt: time,
  disabled: z.boolean(),
});
export type User = z.infer<typeof userSchema>;

/** A user who has signed in somewhere: by what a cookie there says, of which only a digest is kept. */
export const sessionSchema = z.strictObject({
  id: z.string(),
  user: userNameSchema,
  createdAt: time,
  seenAt: time,
});
export type UserSession = z.infer<typeof sessionSchema>;

/** A user as it is shown. */
export interface ShownUser {
  readonly name: string;
  readonly roles: readonly string[];
  readonly createdAt: number;
  readonly disabled: boolean;
  /** Places where it is signed in. */
  readonly sessions: number;
}
