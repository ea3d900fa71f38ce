import { z } from 'zod';

/** A secret of a key, and until when it is valid. */
export interface KeySecret {
  readonly text: string;
  /** ms since 1970. */
  readonly createdAt: number;
  /** ms since 1970; absent: until the key is rotated. */
  readonly until?: number;
}

/** A key as its owner made it. */
export interface Key {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  /** Signs nothing as long as this is so. */
  readonly disabled: boolean;
  /** The newest first. */
  readonly secrets: readonly [KeySecret, ...KeySecret[]];
}

/** A key as it is shown: without its secrets. */
export interface ShownKey {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly disabled: boolean;
  readonly secrets: readonly { readonly createdAt: number; readonly until?: number }[];
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

/** The secrets of a key that are valid at a time; two at most. */
export function liveSecrets({ secrets }: Key, now: number): readonly KeySecret[] {
  return secrets.filter(({ until }) => until === undefined || now < until).slice(0, 2);
}

export function shownKey(key: Key, now: number): ShownKey {
  const { id, name, createdAt, disabled } = key;
  const secrets = liveSecrets(key, now).map(({ text: _, ...rest }) => rest);
  return { id, name, createdAt, disabled, secrets };
}
