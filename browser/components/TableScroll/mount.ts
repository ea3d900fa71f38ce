import type { JsonObject } from '@tidewall/base';
import type { ComponentState, Mount } from '@tidewall/browser-contracts';
import { createAttention } from '../panel/attention.ts';
import { createPanel } from '../panel/panel.ts';
import { textOf } from '../text/text.ts';
import { drawnColumns, largestOf } from './columns.ts';
import { CSS } from './css.ts';
import type { Props } from './definition.ts';
import { createRowPool, type RowLook } from './row-pool.ts';

const HEAD_HEIGHT = 34;
/** Above this many publications a second lit rows would only flicker. */
const CALM_HZ = 5;
const FADE_IN = [{ opacity: 0.15 }, { opacity: 1 }];
const NO_LOOK: RowLook = { columns: [], largest: new Map(), rowHeight: 1, keyField: '', highlight: false };

/** Draws rows; a person may scroll them, otherwise the pages turn by themselves. */
export const mount: Mount<Props, 'ROWS'> = (host, services) => {
  const { ownerDocument: document } = host;
  const panel = createPanel(host, { name: 'TableScroll', css: CSS, role: 'region' });
  const root = panel.body.parentElement as HTMLElement;
  const make = (className: string, parent: HTMLElement, role?: string): HTMLElement => {
    const element = document.createElement('div');
    element.className = `tw-TableScroll-${className}`;
    if (role !== undefined) element.setAttribute('role', role);
    parent.append(element);
    return element;
  };
  const table = make('table', panel.body, 'table');
  const head = make('head', table, 'row');
  const view = make('view', table, 'rowgroup');
  const box = make('rows', view);
  const rail = make('rail', panel.body);
  const thumb = make('thumb', rail);
  const pool = createRowPool(box);

  let latest: ComponentState<Props, 'ROWS'> | undefined;
  let look = NO_LOOK;
  let headKey = '';
  let rows: readonly JsonObject[] = [];
  let viewHeight = 0;
  let secondsHere = 0;

  function update(state: ComponentState<Props, 'ROWS'>): void {
    const { props, locale, data } = state;
    rows = data?.rows ?? [];
    panel.update(state, data === undefined ? 'waiting' : rows.length === 0 ? 'empty' : undefined);
    const { height, scale } = panel.bodySize;
    const headHeight = props.header ? Math.round(HEAD_HEIGHT * scale) : 0;
    // Rows stretch a little to fill the height, so that none is cut in half.
    const fitting = Math.max(1, Math.round((height - headHeight) / (props.rowHeight * scale)));
    const rowHeight = Math.max(1, Math.floor((height - headHeight) / fitting));
    viewHeight = Math.max(0, Math.min(height - headHeight, fitting * rowHeight));
    look = nextLook(state, rowHeight);
    latest = state;
    root.style.setProperty('--head', `${headHeight}px`);
    root.style.setProperty('--row', `${look.rowHeight}px`);
    root.style.setProperty('--columns', look.columns.map(({ width }) => `minmax(0, ${width}fr)`).join(' '));
    head.style.display = props.header ? '' : 'none';
    root.style.setProperty('--view', `${viewHeight}px`);
    box.style.height = `${rows.length * look.rowHeight}px`;
    drawHead();
    drawRows();
    const overflows = rows.length * look.rowHeight > viewHeight && viewHeight > 0;
    rail.hidden = !overflows;
    view.tabIndex = overflows ? 0 : -1;
    const title = textOf(props.title, locale) || (locale === 'zh' ? '表格' : 'Table');
    panel.describe(locale === 'zh' ? `${title}，${rows.length} 行` : `${title}, ${rows.length} rows`);
    table.setAttribute('aria-rowcount', String(rows.length + 1));
  }

  /** Keeps the columns while nothing that they come from changed, so that the cells of the page are kept too. */
  function nextLook({ props, locale, data }: ComponentState<Props, 'ROWS'>, rowHeight: number): RowLook {
    const fromRows = props.columns.length === 0 && Object.keys(rows[0] ?? {}).join() !== headKey;
    const same = props === latest?.props && locale === latest.locale && !fromRows;
    const columns = same ? look.columns : drawnColumns(props, rows, locale);
    headKey = Object.keys(rows[0] ?? {}).join();
    const largest = new Map<string, number>();
    for (const { field, bar } of columns) if (bar) largest.set(field, largestOf(rows, field));
    const calm = !services.reducedMotion && (data?.rateHz ?? 0) <= CALM_HZ;
    return {
      columns,
      largest,
      rowHeight,
      keyField: props.keyField,
      highlight: props.highlight && calm,
    };
  }

  function drawHead(): void {
    while (head.childElementCount > look.columns.length) head.lastElementChild?.remove();
    look.columns.forEach(({ label, align }, index) => {
      let cell = head.children[index] as HTMLElement | undefined;
      if (cell === undefined) {
        cell = make('cell', head, 'columnheader');
        cell.append(document.createElement('span'));
      }
      cell.dataset['align'] = align;
      const text = cell.firstElementChild as HTMLElement;
      if (text.textContent !== label) text.textContent = label;
    });
  }

  function drawRows(): void {
    const { rowHeight } = look;
    const start = Math.min(rows.length, Math.max(0, Math.floor(view.scrollTop / rowHeight)));
    const visible = viewHeight > 0 ? Math.ceil(viewHeight / rowHeight) + 1 : 0;
    pool.show(rows, start, Math.min(rows.length, start + visible), look);
    const tall = rows.length * rowHeight;
    if (tall <= viewHeight) return;
    const length = Math.max(0.06, viewHeight / tall);
    const way = view.scrollTop / (tall - viewHeight);
    thumb.style.height = `${(length * 100).toFixed(2)}%`;
    thumb.style.transform = `translateY(${((way * (1 - length)) / length) * 100}%)`;
  }

  function turnPage(): void {
    if (latest === undefined || latest.props.turnEverySeconds === 0) return;
    const tall = rows.length * look.rowHeight;
    const held = attention.present && (view.matches(':hover') || document.activeElement === view);
    secondsHere = tall <= viewHeight || held ? 0 : secondsHere + 1;
    if (secondsHere < latest.props.turnEverySeconds) return;
    secondsHere = 0;
    const page = Math.max(1, Math.floor(viewHeight / look.rowHeight)) * look.rowHeight;
    const last = view.scrollTop + viewHeight >= tall - 1;
    view.scrollTop = last ? 0 : Math.floor(view.scrollTop / look.rowHeight) * look.rowHeight + page;
    if (!services.reducedMotion) box.animate(FADE_IN, { duration: 350, easing: 'ease-out' });
  }

  const attention = createAttention(view, services);
  const stop = services.everySecond(turnPage);
  view.addEventListener('scroll', drawRows, { passive: true });
  return {
    update,
    resize(size) {
      panel.resize(size);
      if (latest !== undefined) update(latest);
    },
    dispose() {
      stop();
      attention.dispose();
      view.removeEventListener('scroll', drawRows);
      for (const animation of box.getAnimations()) animation.cancel();
      pool.dispose();
      panel.dispose();
    },
  };
};
