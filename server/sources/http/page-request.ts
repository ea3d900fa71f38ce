import type { JsonObject } from '@tidewall/base';
import type { HttpConfig } from './config.ts';

/**
 * What pages ask by themselves; undefined when the server asks. All of it is known to everybody who sees a page: settings
 * that hold secrets are refused together with it.
 */
export function pageRequest(config: HttpConfig): JsonObject | undefined {
  if (config.request !== 'browser') return undefined;
  const { method, url, headers, format, path, topicKind, intervalMs, minIntervalMs, maxIntervalMs, timeoutMs } = config;
  const { query, json, form, text, keyField, encoding, maxRows, maxBytes } = config;
  const given = Object.entries({ query, json, form, text, keyField, encoding }).filter(
    ([, value]) => value !== undefined,
  );
  return {
    ...{
      method,
      url,
      headers,
      format,
      path,
      topicKind,
      intervalMs,
      minIntervalMs,
      maxIntervalMs,
      timeoutMs,
      maxRows,
      maxBytes,
    },
    ...(Object.fromEntries(given) as JsonObject),
  };
}
