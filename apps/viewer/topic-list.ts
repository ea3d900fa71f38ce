import { fetchTopics, type TopicList, type TopicRow } from './api.ts';
import { createElement } from './create-element.ts';
import { failureText } from './failure-text.ts';
import { createKeyedRows, type Row, setText } from './keyed-rows.ts';
import type { Page, PageLook } from './page.ts';
import { ageText, say, type WordName } from './words.ts';

const REFRESH_MS = 3000;
/** Ages go on between two readings, and when there is none any more. */
const TICK_MS = 1000;
const MAX_SHOWN = 10;
const COLUMNS: readonly WordName[] = ['topic', 'kind', 'rate', 'watchers', 'freshness'];

/** A reading of the list, on the clock of this page. */
interface Reading {
  readonly list: TopicList;
  readonly at: number;
}

interface AgedTopic {
  readonly row: TopicRow;
  /** The server's clock as it goes on. */
  readonly now: number;
}

/**
 * The topics of the server with how alive they are; read again every few seconds while the page is seen. A list that
 * cannot be read again stays, ages, and is marked as old.
 */
export function createTopicList({ look, signal }: Pick<Page, 'look' | 'signal'>): { readonly element: HTMLElement } {
  const heading = createElement('h2');
  const trouble = createElement('p', { class: 'trouble', hidden: '' });
  const more = createElement('a', { href: '/api/topics' });
  const none = createElement('span');
  const heads = COLUMNS.map(() => createElement('th', { scope: 'col' }));
  const body = createElement('tbody');
  const table = createElement(
    'table',
    { class: 'topics' },
    createElement('thead', {}, createElement('tr', {}, ...heads)),
    body,
  );
  const note = createElement('p', { class: 'quiet' }, none, more);
  const element = createElement('section', {}, heading, trouble, table, note);
  const showRows = createKeyedRows<AgedTopic>(
    body,
    ({ row }) => row.topic,
    ({ row }) => createTopicRow(row.topic, look),
  );
  let reading: Reading | undefined;
  let failure: unknown;

  function label(): void {
    heading.textContent = say(look.locale, 'topics');
    COLUMNS.forEach((name, at) => {
      heads[at]?.replaceChildren(say(look.locale, name));
    });
    show();
  }

  function show(): void {
    const { locale } = look;
    const sinceMs = reading === undefined ? 0 : performance.now() - reading.at;
    trouble.hidden = failure === undefined;
    element.toggleAttribute('data-old', failure !== undefined);
    if (failure !== undefined) {
      const old = reading === undefined ? say(locale, 'retrying') : say(locale, 'oldList', { age: ageText(sinceMs) });
      setText(trouble, `${failureText(locale, failure)} · ${old}`);
    }
    if (reading === undefined) return;
    const { now, topics } = reading.list;
    table.hidden = topics.length === 0;
    showRows(topics.slice(0, MAX_SHOWN).map((row) => ({ row, now: now + sinceMs })));
    const over = topics.length - MAX_SHOWN;
    setText(none, topics.length === 0 ? say(locale, 'noTopics') : '');
    setText(more, over > 0 ? say(locale, 'moreTopics', { count: over }) : '');
  }

  async function refresh(): Promise<void> {
    if (!document.hidden) {
      try {
        reading = { list: await fetchTopics(signal), at: performance.now() };
        failure = undefined;
      } catch (why) {
        failure = why;
      }
    }
    if (signal.aborted) return;
    show();
    setTimeout(() => void refresh(), REFRESH_MS);
  }

  look.onChange(label, signal);
  label();
  const ticks = setInterval(show, TICK_MS);
  signal.addEventListener('abort', () => clearInterval(ticks));
  void refresh();
  return { element };
}

function createTopicRow(topic: string, look: PageLook): Row<AgedTopic> {
  const kind = createElement('td');
  const rate = createElement('td', { class: 'number' });
  const watching = createElement('td', { class: 'number' });
  const dot = createElement('span', { class: 'dot' });
  const said = createElement('span');
  const link = createElement('a', { href: `/api/topics/${topic}` }, topic);
  const freshness = createElement('td', {}, dot, said);
  return {
    element: createElement('tr', {}, createElement('td', {}, link), kind, rate, watching, freshness),
    update({ row, now }) {
      const { locale } = look;
      const { state, asOf, reason } = row.freshness;
      const age = asOf === 0 ? say(locale, 'never') : say(locale, 'agoWord', { age: ageText(Math.max(0, now - asOf)) });
      // A source stops when nobody watches: its old data is no fault of anybody's.
      const resting = row.watchers === 0 && (state === 'late' || state === 'stale');
      setText(kind, row.kind);
      setText(rate, row.rateHz > 0 ? `${row.rateHz.toFixed(1)}/s` : '–');
      setText(watching, String(row.watchers));
      dot.dataset['state'] = resting ? 'quiet' : state;
      setText(said, resting ? say(locale, 'resting') : state === 'failed' && reason ? reason : age);
    },
  };
}
