import { roleSchema } from '@tidewall/access';
import type { JWTPayload } from 'jose';
import type { Provider } from './provider-schema.ts';

const MOST_WORDS = 1000;
const MOST_NAME = 128;

/** The roles that somebody has by what a provider claims: those of everybody there, and what the claim may give. */
export function rolesByClaims(provider: Provider, payload: JWTPayload): string[] {
  const { rolesClaim, roleMap } = provider;
  const claimed = rolesClaim === undefined ? undefined : claimAt(payload, rolesClaim);
  const words = typeof claimed === 'string' ? claimed.split(/[\s,]+/) : Array.isArray(claimed) ? claimed : [];
  const texts = words.slice(0, MOST_WORDS).filter((word): word is string => typeof word === 'string');
  const meant =
    roleMap === undefined
      ? texts
      : texts.flatMap((word) => (Object.hasOwn(roleMap, word) ? (roleMap[word] ?? []) : []));
  return allowedRoles(provider, [...provider.roles, ...meant]);
}

/** Of some roles those that somebody may have by a provider, as it is configured now. */
export function allowedRoles({ roles, roleMap, mayGive }: Provider, wanted: readonly string[]): string[] {
  const may = (role: string) => {
    if (roles.includes(role)) return true;
    if (mayGive !== undefined) return mayGive.includes(role);
    return roleMap === undefined ? role !== 'admin' : Object.values(roleMap).some((each) => each.includes(role));
  };
  return [...new Set(wanted)].filter((role) => roleSchema.safeParse(role).success && may(role));
}

/** What somebody is called, for people; the subject when nothing else is there. */
export function nameByClaims({ nameClaims }: Provider, payload: JWTPayload): string {
  for (const name of nameClaims) {
    const claimed = claimAt(payload, name);
    if (typeof claimed !== 'string') continue;
    // Of one line, whatever a provider lets people call themselves.
    const text = claimed
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
      .trim()
      .slice(0, MOST_NAME);
    if (text !== '') return text;
  }
  return String(payload.sub).slice(0, MOST_NAME);
}

/** A claim by its whole name, which may have dots in it, or else by the names of the claims around it. */
function claimAt(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  return name.split('.').reduce<unknown>((within, step) => {
    const isObject = typeof within === 'object' && within !== null && Object.hasOwn(within, step);
    return isObject ? (within as Record<string, unknown>)[step] : undefined;
  }, payload);
}
