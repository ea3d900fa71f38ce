import type { LinkStatus, TopicReader } from '@tidewall/browser-contracts';
import { createElement } from './create-element.ts';
import type { PageLook } from './page.ts';
import { say } from './words.ts';

/** A link that is up again within this says nothing: a blink in the corner tells a reader less than none. */
const QUIET_MS = 700;

/** Says in the corner that the link to the server is not live, why, and when the next try is; else it is not there. */
export function createLinkStrip(look: PageLook, reader: TopicReader): { readonly element: HTMLElement } {
  const element = createElement('p', { class: 'strip', role: 'status', hidden: '' });
  let timer: ReturnType<typeof setInterval> | undefined;
  let quietUntil = 0;
  let wasLive = false;
  let reason = '';

  function show(): void {
    const { status } = reader;
    element.hidden = status.type === 'live' || Date.now() < quietUntil;
    const text = element.hidden ? '' : sentence(status);
    if (element.textContent !== text) element.textContent = text;
  }

  function sentence(status: LinkStatus): string {
    const { locale } = look;
    const because = reason === '' ? '' : ` · ${reason}`;
    if (status.type === 'closed') return `${say(locale, 'closed')}${because}`;
    if (status.type !== 'waiting') return `${say(locale, wasLive ? 'reconnecting' : 'connecting')}…${because}`;
    const seconds = Math.max(0, Math.ceil((status.retryAt - Date.now()) / 1000));
    return `${say(locale, 'nextTry', { seconds })}${because}`;
  }

  reader.onStatus((status) => {
    if ('reason' in status) reason = status.reason;
    if (status.type === 'live') {
      clearInterval(timer);
      timer = undefined;
      wasLive = true;
      reason = '';
    } else if (timer === undefined) {
      quietUntil = Date.now() + QUIET_MS;
      timer = setInterval(show, 250);
    }
    show();
  });
  look.onChange(show);
  return { element };
}
