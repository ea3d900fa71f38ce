import type { ComponentState, Mount } from '@tidewall/browser-contracts';
import { colorOf } from '../color/color.ts';
import { createNumberFormat, NO_NUMBER, type NumberFormat, type NumberParts } from '../format/number-format.ts';
import { createTickFormat } from '../format/tick-format.ts';
import { createPanel } from '../panel/panel.ts';
import { textOf } from '../text/text.ts';
import { type Arc, fitArc, pathOf, pointAt, shareOf } from './arc.ts';
import { CSS } from './css.ts';
import type { Props } from './definition.ts';
import { type Threshold, thresholdsOf } from './thresholds.ts';

const SVG = 'http://www.w3.org/2000/svg';
/** Above this many publications a second the arc jumps: it would never arrive. */
const CALM_HZ = 5;

/** Design pixels of the numbers at the ends. */
const END_SIZE = 12;
/** Design pixels below an end of the arc for the number that it stands for. */
const END_HEIGHT = 16;

/** Draws a number on an arc. */
export const mount: Mount<Props, 'KV'> = (host, services) => {
  const { ownerDocument: document } = host;
  const panel = createPanel(host, { name: 'Gauge', css: CSS, role: 'img' });
  const root = panel.body.parentElement as HTMLElement;
  const draw = <Tag extends keyof SVGElementTagNameMap>(tag: Tag, name: string, parent: Element) => {
    const element = document.createElementNS(SVG, tag);
    element.setAttribute('class', `tw-Gauge-${name}`);
    parent.append(element);
    return element;
  };
  const svg = draw('svg', 'picture', panel.body);
  const bands = draw('g', 'bands', svg);
  const track = draw('path', 'track', svg);
  const valueArc = draw('path', 'value', svg);
  // The whole arc is one unit long: an offset of 1 hides it, one of 0 shows all of it.
  valueArc.setAttribute('pathLength', '1');
  const turn = draw('g', 'turn', svg);
  const knob = draw('circle', 'knob', turn);
  const low = draw('text', 'end', svg);
  const high = draw('text', 'end', svg);
  const center = document.createElement('div');
  center.className = 'tw-Gauge-center';
  const number = document.createElement('div');
  number.className = 'tw-Gauge-number tw-number';
  const digits = document.createElement('span');
  const unit = document.createElement('small');
  const label = document.createElement('div');
  label.className = 'tw-Gauge-label';
  number.append(digits, unit);
  center.append(number, label);
  panel.body.append(center);

  let latest: ComponentState<Props, 'KV'> | undefined;
  let format: NumberFormat | undefined;
  let arc: Arc = fitArc(0, 0, 240, 0);
  let drawn = '';
  let thresholds: Threshold[] = [];
  let thick = 0;

  /** Everything that does not depend on the number. */
  function drawFrame(state: ComponentState<Props, 'KV'>): void {
    const { props, theme } = state;
    const { width, height, scale } = panel.bodySize;
    thick = Math.max(3 * scale, Math.min(width, height) * 0.038);
    const outside = thick * 0.5 + 6 * scale;
    const ends = height > 120 * scale && props.sweep <= 290;
    arc = fitArc(width, height - (ends ? END_HEIGHT * scale : 0), props.sweep, outside + 2 * scale);
    for (const path of [track, valueArc]) {
      path.setAttribute('d', pathOf(arc, 0, 1));
      path.setAttribute('stroke-width', thick.toFixed(2));
    }
    bands.replaceChildren();
    thresholds = thresholdsOf(props);
    thresholds.forEach(({ at, color }, index) => {
      const start = shareOf(at, props.min, props.max);
      const end = shareOf(thresholds[index + 1]?.at ?? props.max, props.min, props.max);
      if (end <= start) return;
      const band = draw('path', 'band', bands);
      band.setAttribute('d', pathOf(arc, start + 0.006, end, outside));
      band.setAttribute('stroke', colorOf(color, theme, index));
      band.setAttribute('stroke-width', (2 * scale).toFixed(2));
    });
    const top = pointAt({ ...arc, from: 0 }, 0);
    knob.setAttribute('cx', top.x.toFixed(2));
    knob.setAttribute('cy', top.y.toFixed(2));
    knob.setAttribute('r', (thick * 0.28).toFixed(2));
    turn.style.transformOrigin = `${arc.center.x}px ${arc.center.y}px`;
    drawEnds(state, ends);
  }

  /** As large as the arc allows, and the label in the words' own line across it. */
  function fitCenter(parts: NumberParts, { theme }: ComponentState<Props, 'KV'>): void {
    const { scale } = panel.bodySize;
    const inner = Math.max(0, arc.radius - thick * 1.5);
    // Numbers count their digits in twos, so that the size does not change with every digit.
    const text = parts.prefix + parts.digits;
    const even = (text.length % 2 === 0 ? text : `0${text}`).padStart(4, '0');
    const small = panel.ruler.ems(parts.unit, `400 ${theme.fontNumber}`) * 0.44 + (parts.unit === '' ? 0 : 0.12);
    const ems = panel.ruler.ems(even, `600 ${theme.fontNumber}`) + small;
    const size = Math.min(arc.radius * 0.5, 88 * scale, (inner * 1.75) / ems);
    root.style.setProperty('--digits', `${size.toFixed(1)}px`);
    center.style.top = `${(arc.center.y - size * 0.56).toFixed(1)}px`;
    const letters = Math.max(13 * scale, size * 0.3);
    const below = size * 0.44 + letters * 1.6;
    label.style.maxWidth = `${(2 * Math.sqrt(Math.max(0, inner ** 2 - below ** 2))).toFixed(1)}px`;
  }

  /** The numbers of both ends stand under them, written as the value is, and inside their half of the box. */
  function drawEnds({ props, theme, locale, data }: ComponentState<Props, 'KV'>, shown: boolean): void {
    const { width, scale } = panel.bodySize;
    const ends = createTickFormat(props, locale, [props.min, props.max]);
    for (const [element, share] of [
      [low, 0],
      [high, 1],
    ] as const) {
      const text = ends.text(share === 0 ? props.min : props.max, data?.rows.unit);
      const { x, y } = pointAt(arc, share);
      const wide = panel.ruler.ems(text, `400 ${theme.fontNumber}`);
      const size = Math.min(END_SIZE * scale, (width * 0.48) / Math.max(1, wide));
      const half = (wide * size) / 2;
      element.textContent = text;
      element.style.fontSize = `${size.toFixed(1)}px`;
      element.style.display = shown ? '' : 'none';
      element.setAttribute('x', Math.min(width - half, Math.max(half, x)).toFixed(1));
      element.setAttribute('y', (y + thick * 0.5 + END_HEIGHT * scale).toFixed(1));
    }
  }

  function update(state: ComponentState<Props, 'KV'>): void {
    const { props, theme, locale, data } = state;
    const changed = props !== latest?.props || theme !== latest.theme || locale !== latest.locale;
    if (format === undefined || changed) format = createNumberFormat(props, locale);
    latest = state;
    panel.update(state, undefined);
    const { width, height, scale } = panel.bodySize;
    const frame = `${width} ${height} ${scale} ${data?.rows.unit ?? ''}`;
    if (changed || frame !== drawn) {
      drawn = frame;
      drawFrame(state);
    }
    const row = data?.rows;
    const parts = format.parts(row?.value ?? null, row?.unit);
    const none = parts.digits === NO_NUMBER;
    const share = shareOf(row?.value, props.min, props.max);
    const { value } = row ?? {};
    const reached = thresholds.findLast(({ at }) => typeof value === 'number' && value >= at);
    const status = row?.status;
    const tone = status === undefined ? colorOf(reached?.color ?? props.color, theme, 0) : theme[status];
    root.style.setProperty('--tone', tone);
    root.dataset['none'] = String(none);
    root.dataset['moves'] = String(!services.reducedMotion && (data?.rateHz ?? 0) <= CALM_HZ);
    valueArc.style.strokeDashoffset = (1 - share).toFixed(5);
    valueArc.style.visibility = share > 0 ? '' : 'hidden';
    turn.style.transform = `rotate(${(arc.from + arc.sweep * share).toFixed(3)}deg)`;
    turn.style.visibility = none ? 'hidden' : '';
    setText(digits, parts.prefix + parts.digits);
    setText(unit, parts.unit);
    fitCenter(parts, state);
    const name = textOf(props.label, locale) || (row?.label ?? '');
    setText(label, name);
    panel.describe(
      [textOf(props.title, locale), name, format.text(value ?? null, row?.unit)].filter(Boolean).join(' '),
    );
  }

  return {
    update,
    resize(size) {
      panel.resize(size);
      if (latest !== undefined) update(latest);
    },
    dispose: () => panel.dispose(),
  };
};

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
