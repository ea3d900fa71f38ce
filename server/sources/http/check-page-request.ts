import { PAGE_REQUEST_LIMITS } from '@tidewall/request';
import type { z } from 'zod';

/** Headers that browsers set by themselves, or let no page set (the Fetch standard); so do all that begin with `sec-` or `proxy-`. */
const OF_BROWSERS = [
  ...[
    'accept-charset',
    'accept-encoding',
    'access-control-request-headers',
    'access-control-request-method',
    'connection',
  ],
  ...['access-control-request-private-network', 'content-length', 'cookie', 'cookie2', 'date', 'dnt', 'expect', 'host'],
  ...['keep-alive', 'origin', 'referer', 'set-cookie', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'via'],
];
/** What a content security policy can name: an address in brackets it cannot, and other marks would mean something in it. */
const HOST = /^[a-z0-9-]+(\.[a-z0-9-]+)*\.?$/;

interface Asked {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly secretHeaders: Readonly<Record<string, string>>;
  readonly auth?: unknown;
  readonly ca?: unknown;
  readonly insecure: boolean;
  readonly paging?: unknown;
  readonly format: string;
  readonly maxBytes: number;
  readonly maxRows: number;
}

/** Refuses what a page cannot ask, and what must not be known to everybody who sees it. */
export function checkPageRequest(config: Asked, context: z.core.$RefinementCtx): void {
  const { url, headers, auth, secretHeaders, ca, insecure, paging, format, maxBytes, maxRows } = config;
  const { bytes, rows } = PAGE_REQUEST_LIMITS;
  const complain = (message: string, ...path: string[]) => context.addIssue({ code: 'custom', path, message });
  const noSecrets = 'cannot be set when request is browser: a page has no secrets';
  const itself = 'cannot be set when request is browser: it is the browser that checks';
  if (auth !== undefined) complain(noSecrets, 'auth');
  if (Object.keys(secretHeaders).length > 0) complain(noSecrets, 'secretHeaders');
  if (ca !== undefined) complain(itself, 'ca');
  if (insecure) complain(itself, 'insecure');
  if (paging !== undefined) complain('cannot be set when request is browser', 'paging');
  if (format === 'csv')
    complain(
      'must not be csv when request is browser: only the server reads CSV; let it ask, or ask for JSON',
      'format',
    );
  if (maxBytes > bytes) complain(`must be at most ${bytes} when request is browser`, 'maxBytes');
  if (maxRows > rows) complain(`must be at most ${rows} when request is browser`, 'maxRows');
  if (URL.canParse(url) && !HOST.test(new URL(url).hostname)) {
    complain(
      'must name a host by letters, digits, - and . when request is browser: no page may be let elsewhere',
      'url',
    );
  }
  for (const name of Object.keys(headers)) {
    const lower = name.toLowerCase();
    if (!OF_BROWSERS.includes(lower) && !/^(sec|proxy)-/.test(lower)) continue;
    complain('cannot be set when request is browser: browsers set it by themselves', 'headers', name);
  }
}
