import type { Ruler } from '../text/ruler.ts';
import { countThatFits } from './count-that-fits.ts';

/** One entry of a legend. */
export interface LegendItem {
  readonly label: string;
  readonly color: string;
  /** The newest value, where the legend shows one. */
  readonly value?: string | undefined;
}

/** The room that a legend has, in CSS pixels, and its fonts. */
export interface LegendRoom {
  readonly width: number;
  readonly scale: number;
  readonly text: string;
  readonly number: string;
}

/** The legend at the right of a panel's title; the same for every chart library. */
export interface Legend {
  readonly element: HTMLElement;
  readonly shown: boolean;
  /** Shows these; no items hide it. Touches only what changed, so that it may be called for each new value. */
  update(items: readonly LegendItem[], shape: 'line' | 'block'): void;
  /** Entries that do not fit are counted behind the last that does: `+2`. */
  fit(room: LegendRoom): void;
}

/** Design pixels: of the letters, between entries, and between the parts of an entry. */
const LETTERS = 13;
const GAP = 18;
const INNER_GAP = 7;
const MARK = { line: 14, block: 9 } as const;

/** Opens a legend without entries; it goes away with its panel. */
export function createLegend(document: Document, ruler: Ruler): Legend {
  const element = document.createElement('div');
  const more = document.createElement('span');
  element.className = 'tw-legend';
  element.style.display = 'none';
  more.className = 'tw-legend-more';
  let items: readonly LegendItem[] = [];
  let shape: 'line' | 'block' = 'line';
  let room: LegendRoom | undefined;
  const entries: HTMLElement[] = [];

  function draw(): void {
    element.style.display = items.length > 0 ? '' : 'none';
    element.dataset['shape'] = shape;
    if (room === undefined) return;
    const look = room;
    // Room for an even number of digits, so that the entries stand still while a value goes from 9 to 10.
    const valueEms = items.map(({ value = '' }) => {
      const even = [...value].filter((char) => char >= '0' && char <= '9').length % 2 === 0 ? value : `0${value}`;
      return ruler.ems(even, `400 ${look.number}`);
    });
    const widths = items.map(({ label, value }, index) => {
      const letters = ruler.ems(label, `400 ${look.text}`) + (valueEms[index] as number);
      return (MARK[shape] + INNER_GAP * (value === undefined ? 1 : 2) + letters * LETTERS) * look.scale;
    });
    const moreWidth = ruler.ems('+00', `400 ${look.text}`) * LETTERS * look.scale;
    const count = countThatFits(widths, GAP * look.scale, moreWidth, look.width);
    while (entries.length > count) entries.pop()?.remove();
    while (entries.length < count) {
      const entry = createItem(document);
      entries.push(entry);
      element.insertBefore(entry, more.parentElement === element ? more : null);
    }
    entries.forEach((entry, index) => {
      const { label, value, color } = items[index] as LegendItem;
      const [name, number] = entry.children as unknown as [HTMLElement, HTMLElement];
      entry.style.setProperty('--c', color);
      setText(name, label);
      setText(number, value ?? '');
      number.hidden = value === undefined;
      number.style.minWidth = value === undefined ? '' : `${(valueEms[index] as number).toFixed(2)}em`;
    });
    const hidden = items.slice(count);
    if (hidden.length === 0) {
      more.remove();
      return;
    }
    if (more.parentElement !== element) element.append(more);
    setText(more, `+${hidden.length}`);
    more.title = hidden.map(({ label }) => label).join(', ');
  }

  return {
    element,
    get shown() {
      return items.length > 0;
    },
    update(next, form) {
      items = next;
      shape = form;
      draw();
    },
    fit(next) {
      const same =
        room?.width === next.width &&
        room.scale === next.scale &&
        room.text === next.text &&
        room.number === next.number;
      room = next;
      if (!same) draw();
    },
  };
}

function createItem(document: Document): HTMLElement {
  const entry = document.createElement('span');
  const label = document.createElement('span');
  const value = document.createElement('span');
  entry.className = 'tw-legend-item';
  label.className = 'tw-legend-label';
  value.className = 'tw-legend-value';
  entry.append(label, value);
  return entry;
}

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
