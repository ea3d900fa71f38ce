import type { JsonObject } from '@tidewall/base';
import type { DrawnColumn } from './columns.ts';

/** What rows are drawn with. */
export interface RowLook {
  readonly columns: readonly DrawnColumn[];
  /** Of each column with bars. */
  readonly largest: ReadonlyMap<string, number>;
  readonly rowHeight: number;
  readonly keyField: string;
  readonly highlight: boolean;
}

/** The rows that are in the page: as many as are visible, used again and again. */
export interface RowPool {
  /** Shows the rows from `start` to before `end`. */
  show(rows: readonly JsonObject[], start: number, end: number, look: RowLook): void;
  dispose(): void;
}

/** Opens a pool in a box that is as tall as all rows together. */
export function createRowPool(box: HTMLElement): RowPool {
  const pool: PooledRow[] = [];
  return {
    show(rows, start, end, look) {
      const count = Math.max(0, end - start);
      for (const extra of pool.splice(count)) extra.dispose();
      for (let i = 0; i < count; i++) {
        const at = start + i;
        // A row keeps its piece of the page while it stays in view, so that scrolling by one writes one row.
        const slot = at % count;
        pool[slot] ??= createPooledRow(box);
      }
      for (let at = start; at < end; at++) pool[at % count]?.show(rows[at] ?? {}, at, look);
    },
    dispose() {
      for (const row of pool) row.dispose();
      pool.length = 0;
    },
  };
}

interface PooledRow {
  show(row: JsonObject, at: number, look: RowLook): void;
  dispose(): void;
}

const LIT = [{ opacity: 1 }, { opacity: 0 }];

function createPooledRow(box: HTMLElement): PooledRow {
  const { ownerDocument: document } = box;
  const element = document.createElement('div');
  element.className = 'tw-TableScroll-row';
  element.setAttribute('role', 'row');
  box.append(element);
  let columns: readonly DrawnColumn[] | undefined;
  let key: unknown;
  let light: Animation | undefined;

  function layOut(next: readonly DrawnColumn[]): void {
    if (next === columns) return;
    columns = next;
    element.replaceChildren(...next.map((column) => createCell(document, column)));
  }

  return {
    show(row, at, look) {
      layOut(look.columns);
      element.style.transform = `translateY(${at * look.rowHeight}px)`;
      element.setAttribute('aria-rowindex', String(at + 2));
      const nextKey = look.keyField === '' ? at : row[look.keyField];
      let changed = false;
      look.columns.forEach((column, index) => {
        const cell = element.children[index] as HTMLElement;
        const text = cell.lastElementChild as HTMLElement;
        const value = row[column.field];
        const written = column.text(value);
        if (text.textContent !== written) {
          text.textContent = written;
          changed = true;
        }
        if (column.bar) drawBar(cell, value, look.largest.get(column.field) ?? 0);
      });
      const same = key === nextKey;
      key = nextKey;
      if (!look.highlight || !changed || !same) return;
      light?.cancel();
      light = element.animate(LIT, { duration: 900, easing: 'ease-out', pseudoElement: '::before' });
    },
    dispose() {
      light?.cancel();
      element.remove();
    },
  };
}

function createCell(document: Document, column: DrawnColumn): HTMLElement {
  const cell = document.createElement('div');
  cell.className = 'tw-TableScroll-cell';
  cell.setAttribute('role', 'cell');
  cell.dataset['align'] = column.align;
  cell.dataset['bar'] = String(column.bar);
  if (column.bar) {
    const bar = document.createElement('i');
    bar.className = 'tw-TableScroll-bar';
    cell.append(bar);
  }
  cell.append(document.createElement('span'));
  return cell;
}

function drawBar(cell: HTMLElement, value: unknown, largest: number): void {
  const bar = cell.firstElementChild as HTMLElement;
  const share = typeof value === 'number' && largest > 0 ? Math.abs(value) / largest : 0;
  bar.style.setProperty('--share', Number.isFinite(share) ? share.toFixed(3) : '0');
}
