/**
 * How long a far end wants to be left alone, by its header `Retry-After` (RFC 9110, 10.2.3): seconds, or a date.
 *
 * @param now ms since 1970
 * @returns ms; undefined when it says nothing that can be read
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) || /^[\d.+-]/.test(text) ? undefined : Math.max(0, at - now);
}
