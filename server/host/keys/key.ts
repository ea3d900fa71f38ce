import { ownRuleSchema, roleSchema } from '@tidewall/access';
import type { Rule } from '@tidewall/contracts';
import { z } from 'zod';

/** A secret of a key, and until when it is valid. */
export interface KeySecret {
  readonly text: string;
  /** ms since 1970. */
  readonly createdAt: number;
  /** ms since 1970; absent: until the key is rotated. */
  readonly until?: number;
}

/** What may be done with a key. */
export interface KeyRights {
  readonly roles: readonly string[];
  /** What it may do beside what its roles may. */
  readonly rules: readonly Rule[];
  /** Whether its secret may be shown as it is; otherwise it only signs. */
  readonly bearer: boolean;
  /** ms since 1970; absent: until it is deleted. */
  readonly expiresAt?: number;
}

/** A key as its owner made it. */
export interface Key extends KeyRights {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  /** Lets nobody in as long as this is so. */
  readonly disabled: boolean;
  /** The newest first. */
  readonly secrets: readonly [KeySecret, ...KeySecret[]];
}

/** A key as it is shown: without its secrets. */
export interface ShownKey extends KeyRights {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly disabled: boolean;
  readonly secrets: readonly { readonly createdAt: number; readonly until?: number }[];
  /** When somebody was let in by it, ms since 1970; absent: never. */
  readonly lastUsedAt?: number;
}

/** Taken from others too, whose ids are their own. */
export const keyIdSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
/** What a person calls it. */
export const keyNameSchema = z
  .string()
  .max(128)
  .regex(/^\P{Cc}*$/u);
/** Printable ASCII: others have to put it into their programs. The message repeats none of it. */
export const secretSchema = z.string().refine((text) => /^[!-~]{16,256}$/.test(text), {
  error: 'must have 16 to 256 characters, letters, digits and signs without spaces',
});

/** Of keys that nobody has given any, and of those that were made before keys had rights: to read and publish all. */
export const USUAL_ROLES: readonly string[] = ['viewer', 'publisher'];
export const keyRolesSchema = z.array(roleSchema).max(64);
export const keyRulesSchema = z.array(ownRuleSchema).max(100);

/** Whether a key lets somebody in at a time. */
export function letsIn({ disabled, expiresAt }: Key, now: number): boolean {
  return !disabled && (expiresAt === undefined || now < expiresAt);
}

/** The secrets of a key that are valid at a time; two at most. */
export function liveSecrets({ secrets }: Key, now: number): readonly KeySecret[] {
  return secrets.filter(({ until }) => until === undefined || now < until).slice(0, 2);
}

export function shownKey({ secrets: _, ...key }: Key, secrets: readonly KeySecret[], lastUsedAt?: number): ShownKey {
  return {
    ...key,
    secrets: secrets.map(({ text: _text, ...rest }) => rest),
    ...(lastUsedAt !== undefined && { lastUsedAt }),
  };
}
