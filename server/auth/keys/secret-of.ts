import type { KeyRing } from '@tidewall/contracts';

/** As many as a key has while it is rotated. */
const MOST_SECRETS = 2;
/** Stands where there is no secret, so that the same is done for every id; nothing that it fits is ever let in. */
const NO_SECRET = 'no secret';

/**
 * The secret of a key that fits what somebody shows; undefined when there is no such key, or none of its secrets does. All
 * that there could be are tried, whether the key is there or not.
 *
 * @param fits must take the same time whether it fits or not
 */
export function secretOf(
  keys: Pick<KeyRing, 'find'>,
  id: string,
  fits: (secret: string) => boolean,
): string | undefined {
  const key = keys.find(id);
  let fitting: string | undefined;
  for (let i = 0; i < MOST_SECRETS; i++) {
    const secret = key?.secrets[i];
    const fit = fits(secret ?? NO_SECRET);
    if (fit && secret !== undefined) fitting = secret;
  }
  return fitting;
}
