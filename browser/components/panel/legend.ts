/** One entry of a legend. */
export interface LegendItem {
  readonly label: string;
  readonly color: string;
  /** The newest value, where the legend shows one. */
  readonly value?: string | undefined;
}

/** The legend at the right of a panel's title; the same for every chart library. */
export interface Legend {
  readonly element: HTMLElement;
  readonly shown: boolean;
  /** Shows these; no items hide it. Touches only what changed, so that it may be called for each new value. */
  update(items: readonly LegendItem[], shape: 'line' | 'block'): void;
}

/** Opens a legend without entries; it goes away with its panel. */
export function createLegend(document: Document): Legend {
  const element = document.createElement('div');
  element.className = 'tw-legend';
  element.style.display = 'none';
  let count = 0;
  return {
    element,
    get shown() {
      return count > 0;
    },
    update(items, shape) {
      count = items.length;
      element.style.display = count > 0 ? '' : 'none';
      element.dataset['shape'] = shape;
      while (element.childElementCount > count) element.lastElementChild?.remove();
      while (element.childElementCount < count) element.append(createItem(document));
      items.forEach((item, index) => {
        const entry = element.children[index] as HTMLElement;
        const [label, value] = entry.children as unknown as [HTMLElement, HTMLElement];
        entry.style.setProperty('--c', item.color);
        setText(label, item.label);
        setText(value, item.value ?? '');
        // Room for an even number of digits, so that the entries stand still while a value goes from 9 to 10.
        value.style.minWidth = item.value === undefined ? '' : `${Math.ceil(item.value.length / 2) * 2 * 0.56}em`;
      });
    },
  };
}

function createItem(document: Document): HTMLElement {
  const entry = document.createElement('span');
  const label = document.createElement('span');
  const value = document.createElement('span');
  entry.className = 'tw-legend-item';
  value.className = 'tw-legend-value';
  entry.append(label, value);
  return entry;
}

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
