import { createHmac } from 'node:crypto';
import { sameText } from '@tidewall/auth';
import { isJsonObject, parseJson } from '@tidewall/base';
import type { VariableValues } from '@tidewall/screen';
import type { Share } from './share.ts';

/** What who has opened a shared screen shows from then on. */
export interface Viewing {
  readonly share: string;
  /** Those of the link; those of the share come before them. */
  readonly variables: VariableValues;
  /** When it must be shown again for a newer one, ms since 1970. */
  readonly until: number;
  /** When the link ends; nothing newer is given then. */
  readonly ends?: number | undefined;
}

const PREFIX = 'share';
const MOST_CHARACTERS = 8192;

/** A text that says a viewing and that only this server can make. It is worth nothing for a share with another stamp. */
export function viewingToken(viewing: Viewing, { stamp }: Pick<Share, 'stamp'>, key: Uint8Array): string {
  const body = Buffer.from(JSON.stringify(viewing)).toString('base64url');
  return `${PREFIX}.${body}.${macOf(body, stamp, key)}`;
}

/** What a token says, whether it has run out or not; undefined when this server did not make it for such a share. */
export function readViewingToken(
  token: string,
  stampOf: (share: string) => string | undefined,
  key: Uint8Array,
): Viewing | undefined {
  if (token.length > MOST_CHARACTERS) return undefined;
  const [prefix, body = '', mac = '', more] = token.split('.');
  if (prefix !== PREFIX || more !== undefined) return undefined;
  const viewing = parsed(body);
  const stamp = viewing === undefined ? undefined : stampOf(viewing.share);
  // As long for a share that there is not.
  const right = sameText(mac, macOf(body, stamp ?? '', key));
  return right && stamp !== undefined ? viewing : undefined;
}

function macOf(body: string, stamp: string, key: Uint8Array): string {
  return createHmac('sha256', key).update(`${body}.${stamp}`).digest('base64url');
}

function parsed(body: string): Viewing | undefined {
  try {
    const value = parseJson(Buffer.from(body, 'base64url').toString('utf8'));
    // What it is made of is looked at by its signature alone: nobody else has written it.
    return isJsonObject(value) && typeof value['share'] === 'string' ? (value as unknown as Viewing) : undefined;
  } catch {
    return undefined;
  }
}
