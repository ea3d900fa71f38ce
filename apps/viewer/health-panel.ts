import type { ElementHealth } from '@tidewall/runtime';
import { createElement } from './create-element.ts';
import { createIcon } from './icons.ts';
import { createKeyedRows, type Row, setText } from './keyed-rows.ts';
import type { Page, PageLook } from './page.ts';
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
export function createHealthPanel(
  { look, signal }: Pick<Page, 'look' | 'signal'>,
  read: () => readonly ElementHealth[],
): HealthPanel {
  const title = createElement('h2');
  const keys = createElement('p', { class: 'quiet' });
  const heads = COLUMNS.map(() => createElement('th', { scope: 'col' }));
  const body = createElement('tbody');
  const closeButton = createElement('button', { type: 'button', class: 'icon-button' }, createIcon('close'));
  const scroll = createElement(
    'div',
    { class: 'panel-scroll', tabindex: '0' },
    createElement('table', {}, createElement('thead', {}, createElement('tr', {}, ...heads)), body),
  );
  const element = createElement(
    'dialog',
    { class: 'panel' },
    createElement('header', {}, title, closeButton),
    scroll,
    keys,
  );
  const showRows = createKeyedRows<ElementHealth>(
    body,
    ({ id }) => id,
    ({ id }) => createHealthRow(id, look),
  );
  let timer: ReturnType<typeof setInterval> | undefined;

  function label(): void {
    const { locale } = look;
    title.textContent = say(locale, 'health');
    keys.textContent = say(locale, 'healthKeys');
    closeButton.title = say(locale, 'close');
    closeButton.setAttribute('aria-label', closeButton.title);
    COLUMNS.forEach((name, at) => {
      heads[at]?.replaceChildren(say(locale, name));
    });
    if (element.open) show();
  }

  function show(): void {
    // A title or a clock has no data whose health could be told.
    showRows(read().filter(({ topic, problem }) => topic !== undefined || problem !== undefined));
  }

  function close(): void {
    clearInterval(timer);
    timer = undefined;
    element.close();
  }

  closeButton.addEventListener('click', close);
  look.onChange(label, signal);
  signal.addEventListener('abort', close);
  label();
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

function createHealthRow(id: string, look: PageLook): Row<ElementHealth> {
  const name = createElement('td');
  const topic = createElement('td');
  const dot = createElement('span', { class: 'dot' });
  const word = createElement('span');
  const said = createElement('p', { class: 'said' });
  const age = createElement('td', { class: 'number' });
  const latency = createElement('td', { class: 'number' });
  return {
    element: createElement('tr', { title: id }, name, topic, createElement('td', {}, dot, word, said), age, latency),
    update(health) {
      const { state, problem, ageMs, paintLatencyMs } = health;
      const reasons = [problem, health.reason].filter((text) => text !== undefined && text !== '').join(' · ');
      setText(name, health.name === '' ? health.type : health.name);
      setText(topic, health.topic ?? '–');
      dot.dataset['state'] = problem === undefined ? state : 'failed';
      setText(word, say(look.locale, state));
      setText(said, reasons);
      said.hidden = reasons === '';
      setText(age, health.topic === undefined || ageMs === undefined ? '–' : ageText(ageMs));
      setText(latency, paintLatencyMs === undefined ? '–' : `${Math.round(paintLatencyMs)} ms`);
    },
  };
}
