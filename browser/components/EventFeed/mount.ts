import type { ComponentState, Locale, Mount } from '@tidewall/browser-contracts';
import { CLOCK, createTimeFormat, type TimeFormat } from '../format/time-format.ts';
import { createPanel } from '../panel/panel.ts';
import { textOf } from '../text/text.ts';
import { CSS } from './css.ts';
import type { Props } from './definition.ts';
import { type Entry, type Level, newestEntries } from './entries.ts';

/** More entries than this are never in the page, however tall it is. */
const MOST_ENTRIES = 200;
/** Above this many publications a second entries jump: sliding ones would never stand still to be read. */
const CALM_HZ = 5;

const LEVEL_NAMES: Record<Locale, Record<Level, string>> = {
  zh: { info: '信息', good: '正常', warn: '警告', alert: '告警' },
  en: { info: 'info', good: 'good', warn: 'warning', alert: 'alert' },
};

/** Draws the newest entries; one that is still there keeps its piece of the page and only moves. */
export const mount: Mount<Props, 'ROWS'> = (host, services) => {
  const { ownerDocument: document } = host;
  const panel = createPanel(host, { name: 'EventFeed', css: CSS, role: 'region' });
  const root = panel.body.parentElement as HTMLElement;
  const list = document.createElement('ol');
  list.className = 'tw-EventFeed-list';
  panel.body.append(list);
  let shown = new Map<string, EntryRow>();
  let latest: ComponentState<Props, 'ROWS'> | undefined;
  let writeTime: TimeFormat = () => '';

  function update(state: ComponentState<Props, 'ROWS'>): void {
    const { props, locale, data } = state;
    if (props !== latest?.props || locale !== latest.locale) {
      writeTime = createTimeFormat(CLOCK, locale, props.timeZone);
    }
    latest = state;
    panel.update(state, data === undefined ? 'waiting' : data.rows.length === 0 ? 'empty' : undefined);
    const { height, scale } = panel.bodySize;
    // Entries stretch a little to fill the height, so that none is cut in half.
    const room = Math.min(MOST_ENTRIES, Math.round(height / (props.rowHeight * scale)));
    const rowHeight = room > 0 ? Math.floor(height / room) : 0;
    const entries = data === undefined ? [] : newestEntries(data.rows, room, props);
    root.style.setProperty('--row', `${rowHeight}px`);
    const moves = !services.reducedMotion && (data?.rateHz ?? 0) <= CALM_HZ && shown.size > 0;
    root.dataset['moves'] = String(moves);
    place(entries, rowHeight, moves);
    panel.describe(describe(state, entries[0]));
  }

  function place(entries: readonly Entry[], rowHeight: number, moves: boolean): void {
    const { props, locale } = latest as ComponentState<Props, 'ROWS'>;
    const next = new Map<string, EntryRow>();
    const fresh: (() => void)[] = [];
    entries.forEach((entry, index) => {
      const kept = shown.get(entry.key);
      const row = kept ?? createRow(document, list);
      row.show(entry, props.time ? writeTime(entry.time) : undefined, LEVEL_NAMES[locale][entry.level]);
      if (kept === undefined && moves) {
        row.place(index * rowHeight - rowHeight, 0);
        fresh.push(() => row.place(index * rowHeight, 1));
      } else row.place(index * rowHeight, 1);
      next.set(entry.key, row);
    });
    for (const [key, row] of shown) if (!next.has(key)) row.remove();
    shown = next;
    if (fresh.length === 0) return;
    // Read once, so that the browser knows where the new ones come from before it hears where they go.
    void list.offsetHeight;
    for (const slideIn of fresh) slideIn();
  }

  return {
    update,
    resize(size) {
      panel.resize(size);
      if (latest !== undefined) update(latest);
    },
    dispose() {
      shown.clear();
      panel.dispose();
    },
  };
};

interface EntryRow {
  show(entry: Entry, time: string | undefined, level: string): void;
  place(y: number, opacity: number): void;
  remove(): void;
}

function createRow(document: Document, list: HTMLElement): EntryRow {
  const row = document.createElement('li');
  const mark = document.createElement('i');
  const time = document.createElement('span');
  const text = document.createElement('span');
  row.className = 'tw-EventFeed-entry';
  mark.className = 'tw-EventFeed-mark';
  mark.setAttribute('role', 'img');
  time.className = 'tw-EventFeed-time tw-number';
  text.className = 'tw-EventFeed-text';
  row.append(mark, time, text);
  list.append(row);
  return {
    show(entry, written, level) {
      row.dataset['level'] = entry.level;
      mark.setAttribute('aria-label', level);
      time.hidden = written === undefined;
      if (time.textContent !== (written ?? '')) time.textContent = written ?? '';
      if (text.textContent !== entry.text) text.textContent = entry.text;
    },
    place(y, opacity) {
      row.style.transform = `translateY(${y}px)`;
      row.style.opacity = String(opacity);
    },
    remove: () => row.remove(),
  };
}

function describe({ props, locale, data }: ComponentState<Props, 'ROWS'>, newest: Entry | undefined): string {
  const title = textOf(props.title, locale) || (locale === 'zh' ? '动态' : 'Events');
  if (newest === undefined) return title;
  return `${title} (${data?.rows.length ?? 0}): ${newest.text}`;
}
