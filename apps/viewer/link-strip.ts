import type { LinkStatus } from '@tidewall/browser-contracts';
import { createElement } from './create-element.ts';
import { setText } from './keyed-rows.ts';
import { linkReason } from './link-reason.ts';
import type { Page } from './page.ts';
import { say } from './words.ts';

/** A link that is up again within this says nothing: a blink in the corner tells a reader less than none. */
const QUIET_MS = 700;

/**
 * Says in the corner that the link to the server is not live, why, and when the next try is; else it is not there.
 * Durations are measured on a clock that nobody sets, since walls wake up with a wrong time and correct it.
 */
export function createLinkStrip({ look, reader, signal }: Omit<Page, 'root'>): { readonly element: HTMLElement } {
  const text = createElement('span', { role: 'status' });
  // Out of the live region: nobody wants to be told each second of a countdown.
  const countdown = createElement('span', { 'aria-hidden': 'true' });
  const element = createElement('p', { class: 'strip', hidden: '' }, text, countdown);
  let timer: ReturnType<typeof setInterval> | undefined;
  let quietUntil = 0;
  let retryAt = 0;
  let wasLive = false;
  let reason = '';

  function show(): void {
    const { status } = reader;
    const now = performance.now();
    element.hidden = status.type === 'live' || now < quietUntil;
    setText(text, element.hidden ? '' : sentence(status));
    const seconds = Math.max(0, Math.ceil((retryAt - now) / 1000));
    const counts = !element.hidden && status.type === 'waiting';
    setText(countdown, counts ? ` · ${say(look.locale, 'nextTry', { seconds })}` : '');
  }

  function sentence({ type }: LinkStatus): string {
    const { locale } = look;
    const because = reason === '' ? '' : ` · ${linkReason(locale, reason)}`;
    if (type === 'closed') return `${say(locale, 'closed')}${because}`;
    if (type === 'waiting') return `${say(locale, 'linkLost')}${because}`;
    return `${say(locale, wasLive ? 'reconnecting' : 'connecting')}…${because}`;
  }

  const stop = reader.onStatus((status) => {
    if ('reason' in status) reason = status.reason;
    if (status.type === 'waiting') retryAt = performance.now() + status.retryAfterMs;
    if (status.type === 'live') {
      clearInterval(timer);
      timer = undefined;
      wasLive = true;
      reason = '';
    } else if (timer === undefined) {
      quietUntil = performance.now() + QUIET_MS;
      timer = setInterval(show, 250);
    }
    show();
  });
  look.onChange(show, signal);
  signal.addEventListener('abort', () => {
    stop();
    clearInterval(timer);
  });
  return { element };
}
