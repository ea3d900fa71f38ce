import { fetchTopics, type TopicList, type TopicRow } from './api.ts';
import { createElement } from './create-element.ts';
import type { PageLook } from './page.ts';
import { ageText, say, type WordName } from './words.ts';

const REFRESH_MS = 3000;
const MAX_SHOWN = 10;
const COLUMNS: readonly WordName[] = ['topic', 'kind', 'rate', 'watchers', 'freshness'];

/** The topics of the server with how alive they are; read again every few seconds while the page is seen. */
export function createTopicList(look: PageLook): { readonly element: HTMLElement } {
  const heading = createElement('h2');
  const note = createElement('p', { class: 'quiet' });
  const head = createElement('tr');
  const body = createElement('tbody');
  const table = createElement('table', { class: 'topics' }, createElement('thead', {}, head), body);
  const element = createElement('section', {}, heading, table, note);
  let list: TopicList | undefined;

  function show(): void {
    const { locale } = look;
    heading.textContent = say(locale, 'topics');
    head.replaceChildren(...COLUMNS.map((name) => createElement('th', { scope: 'col' }, say(locale, name))));
    if (list === undefined) return;
    const { now, topics } = list;
    table.hidden = topics.length === 0;
    body.replaceChildren(...topics.slice(0, MAX_SHOWN).map((row) => rowOf(row, now, look)));
    const over = topics.length - MAX_SHOWN;
    note.replaceChildren(
      ...(topics.length === 0 ? [say(locale, 'noTopics')] : []),
      ...(over > 0 ? [createElement('a', { href: '/api/topics' }, say(locale, 'moreTopics', { count: over }))] : []),
    );
  }

  async function refresh(): Promise<void> {
    try {
      if (!document.hidden) list = await fetchTopics();
      show();
    } catch (failure) {
      note.textContent = `${say(look.locale, 'unreachable')} · ${failure instanceof Error ? failure.message : failure}`;
    }
    setTimeout(() => void refresh(), REFRESH_MS);
  }

  look.onChange(show);
  show();
  void refresh();
  return { element };
}

function rowOf({ topic, kind, rateHz, watchers, freshness }: TopicRow, now: number, { locale }: PageLook): HTMLElement {
  const { state, asOf, reason } = freshness;
  const age = asOf === 0 ? say(locale, 'never') : say(locale, 'agoWord', { age: ageText(Math.max(0, now - asOf)) });
  // A source stops when nobody watches: its old data is no fault of anybody's.
  const resting = watchers === 0 && (state === 'late' || state === 'stale');
  const text = resting ? say(locale, 'resting') : state === 'failed' && reason ? reason : age;
  return createElement(
    'tr',
    {},
    createElement('td', {}, createElement('a', { href: `/api/topics/${topic}` }, topic)),
    createElement('td', {}, kind),
    createElement('td', { class: 'number' }, rateHz > 0 ? `${rateHz.toFixed(1)}/s` : '–'),
    createElement('td', { class: 'number' }, String(watchers)),
    createElement('td', {}, createElement('span', { class: 'dot', 'data-state': resting ? 'quiet' : state }), text),
  );
}
