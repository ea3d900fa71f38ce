import type { ElementHealth } from '@tidewall/runtime';
import { createElement } from './create-element.ts';
import { createIcon } from './icons.ts';
import type { PageLook } from './page.ts';
import { ageText, say, type WordName } from './words.ts';

/** The table of a screen's elements: how alive each is, and how fast what is pushed gets on the glass. */
export interface HealthPanel {
  readonly element: HTMLElement;
  toggle(): void;
  close(): void;
}

const COLUMNS: readonly WordName[] = ['element', 'topic', 'state', 'age', 'latency'];
const REFRESH_MS = 1000;

/** A panel that is closed, and reads nothing while it is. */
export function createHealthPanel(look: PageLook, read: () => readonly ElementHealth[]): HealthPanel {
  const title = createElement('h2');
  const keys = createElement('p', { class: 'quiet' });
  const head = createElement('tr');
  const body = createElement('tbody');
  const closeButton = createElement('button', { type: 'button', class: 'icon-button' }, createIcon('close'));
  const scroll = createElement(
    'div',
    { class: 'panel-scroll', tabindex: '0' },
    createElement('table', {}, createElement('thead', {}, head), body),
  );
  const element = createElement(
    'dialog',
    { class: 'panel' },
    createElement('header', {}, title, closeButton),
    scroll,
    keys,
  );
  let timer: ReturnType<typeof setInterval> | undefined;

  function show(): void {
    const { locale } = look;
    title.textContent = say(locale, 'health');
    keys.textContent = say(locale, 'healthKeys');
    closeButton.title = say(locale, 'close');
    closeButton.setAttribute('aria-label', closeButton.title);
    head.replaceChildren(...COLUMNS.map((name) => createElement('th', { scope: 'col' }, say(locale, name))));
    // A title or a clock has no data whose health could be told.
    const rows = read().filter(({ topic, problem }) => topic !== undefined || problem !== undefined);
    body.replaceChildren(...rows.map((health) => rowOf(health, look)));
  }

  function close(): void {
    clearInterval(timer);
    timer = undefined;
    element.close();
  }

  closeButton.addEventListener('click', close);
  look.onChange(() => {
    if (element.open) show();
  });
  return {
    element,
    close,
    toggle() {
      if (element.open) {
        close();
        return;
      }
      show();
      // Not modal: the screen behind it is what the reader compares it with.
      element.show();
      timer = setInterval(show, REFRESH_MS);
    },
  };
}

function rowOf(health: ElementHealth, { locale }: PageLook): HTMLElement {
  const { id, type, name, topic, state, reason, ageMs, paintLatencyMs, problem } = health;
  const said = [problem, reason].filter((text) => text !== undefined && text !== '').join(' · ');
  const age = topic === undefined || ageMs === undefined ? '–' : ageText(ageMs);
  return createElement(
    'tr',
    { title: id },
    createElement('td', {}, name === '' ? type : name),
    createElement('td', {}, topic ?? '–'),
    createElement(
      'td',
      {},
      createElement('span', { class: 'dot', 'data-state': problem ? 'failed' : state }),
      say(locale, state),
      said === '' ? undefined : ` · ${said}`,
    ),
    createElement('td', { class: 'number' }, age),
    createElement('td', { class: 'number' }, paintLatencyMs === undefined ? '–' : `${Math.round(paintLatencyMs)} ms`),
  );
}
