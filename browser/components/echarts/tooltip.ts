import type { NumberFormat } from '../format/number-format.ts';

/** What a tooltip is written with. */
export interface TooltipLook {
  place(value: string | number): string;
  readonly values: NumberFormat;
  readonly scale: number;
  readonly shape: 'line' | 'block';
}

/** The part of what ECharts tells of a hovered point that is used. */
interface Hovered {
  readonly seriesName?: string | undefined;
  readonly name?: string | undefined;
  readonly color?: unknown;
  readonly value?: unknown;
}

/** The hovered place and the value of each series there, as elements: text from outside never becomes markup. */
export function tooltipContent(hovered: unknown, look: TooltipLook): HTMLElement {
  const points = (Array.isArray(hovered) ? hovered : [hovered]) as Hovered[];
  const box = document.createElement('div');
  const first = points[0];
  const head = line(look, 'flex-start');
  const place = Array.isArray(first?.value) ? (first.value[0] as number) : (first?.name ?? '');
  head.textContent = look.place(place);
  box.append(head);
  for (const point of points) {
    const row = line(look, 'space-between');
    const swatch = document.createElement('i');
    const label = document.createElement('span');
    const value = document.createElement('b');
    const wide = look.shape === 'line' ? 12 : 8;
    swatch.style.cssText = `width:${wide * look.scale}px;height:${(look.shape === 'line' ? 3 : 8) * look.scale}px`;
    swatch.style.background = swatchColor(point.color);
    label.textContent = nameOf(point);
    label.style.marginRight = 'auto';
    value.textContent = look.values.text(Array.isArray(point.value) ? point.value[1] : point.value);
    value.style.cssText = 'font-variant-numeric:tabular-nums;font-weight:600';
    row.append(swatch, label, value);
    box.append(row);
  }
  return box;
}

/** The colour itself, or where a gradient begins. */
function swatchColor(color: unknown): string {
  if (typeof color === 'string') return color;
  const stops = typeof color === 'object' && color !== null ? Reflect.get(color, 'colorStops') : undefined;
  const [first] = (Array.isArray(stops) ? stops : []) as { readonly color?: string }[];
  return first?.color ?? 'currentColor';
}

/** ECharts calls a series without a name `series0`, with a NUL before it. */
function nameOf({ seriesName = '' }: Hovered): string {
  return seriesName.startsWith('\u0000') ? '' : seriesName;
}

function line({ scale }: TooltipLook, justify: string): HTMLElement {
  const row = document.createElement('div');
  row.style.cssText = `display:flex;align-items:center;gap:${8 * scale}px;line-height:1.6;justify-content:${justify}`;
  return row;
}
