import { createHash } from 'node:crypto';

/** What a page of the server may do beyond what every page of it may. */
export interface PageAllowances {
  /** Origins that it may ask, beside the server itself. */
  readonly connect?: readonly string[];
  /** Origins whose pages may frame it, beside the server's own. */
  readonly framedBy?: readonly string[];
  /** The text of a `<style>` in it. */
  readonly style?: string;
}

/** Nothing of it is loaded, run or framed: what is not a page is shown as it is. */
const NO_PAGE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/** What a browser must hold to on every answer that is no page. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': NO_PAGE,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/**
 * What a page may load: of this server alone, and nothing that stands in the page itself, neither script nor style. Components
 * style what they draw by the object model, which is not text that anybody could put there.
 */
export function pageHeaders({ connect = [], framedBy = [], style }: PageAllowances = {}): Record<string, string> {
  const sheet = style === undefined ? [] : [`'sha256-${createHash('sha256').update(style).digest('base64')}'`];
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    ["style-src 'self'", ...sheet].join(' '),
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "media-src 'self'",
    "manifest-src 'self'",
    ["connect-src 'self'", ...connect].join(' '),
    "base-uri 'none'",
    "form-action 'self'",
    ["frame-ancestors 'self'", ...framedBy].join(' '),
  ].join('; ');
  return {
    'content-security-policy': policy,
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
    // It knows no list. Browsers pass over it where there is `frame-ancestors`; what is older must not refuse those listed.
    ...(framedBy.length === 0 && { 'x-frame-options': 'SAMEORIGIN' }),
  };
}
