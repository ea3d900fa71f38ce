import type { ComponentState, Mount } from '@tidewall/browser-contracts';
import { colorOf } from '../color/color.ts';
import { createNumberFormat, NO_NUMBER, type NumberFormat } from '../format/number-format.ts';
import { createPanel } from '../panel/panel.ts';
import { textOf } from '../text/text.ts';
import { type Arc, fitArc, pathOf, pointAt, shareOf } from './arc.ts';
import { CSS } from './css.ts';
import type { Props } from './definition.ts';

const SVG = 'http://www.w3.org/2000/svg';
/** Above this many publications a second the arc jumps: it would never arrive. */
const CALM_HZ = 5;

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

  /** Everything that does not depend on the number. */
  function drawFrame({ props, theme }: ComponentState<Props, 'KV'>): void {
    const { width, height, scale } = panel.bodySize;
    const thick = Math.max(3 * scale, Math.min(width, height) * 0.038);
    const outside = thick * 0.5 + 6 * scale;
    const ends = height > 120 * scale && props.sweep <= 290;
    arc = fitArc(width, height - (ends ? END_HEIGHT * scale : 0), props.sweep, outside + 2 * scale);
    for (const path of [track, valueArc]) {
      path.setAttribute('d', pathOf(arc, 0, 1));
      path.setAttribute('stroke-width', thick.toFixed(2));
    }
    bands.replaceChildren();
    const limits = [...props.thresholds].sort((a, b) => a.at - b.at);
    limits.forEach(({ at, color }, index) => {
      const start = shareOf(at, props.min, props.max);
      const end = shareOf(limits[index + 1]?.at ?? props.max, props.min, props.max);
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
    placeEnds(ends, thick, scale);
  }

  /** As large as the arc allows; lengths count in twos, so that the size does not change with every digit. */
  function fitNumber(text: string): void {
    const { scale } = panel.bodySize;
    const length = Math.ceil(Math.max(4, text.length) / 2) * 2;
    const size = Math.min(arc.radius * 0.5, 88 * scale, (arc.radius * 1.6) / (length * 0.58));
    root.style.setProperty('--digits', `${size.toFixed(1)}px`);
    center.style.top = `${(arc.center.y - size * 0.56).toFixed(1)}px`;
  }

  /** The numbers of both ends stand under them, inside the box. */
  function placeEnds(shown: boolean, thick: number, scale: number): void {
    for (const [text, share] of [
      [low, 0],
      [high, 1],
    ] as const) {
      const { x, y } = pointAt(arc, share);
      text.setAttribute('x', x.toFixed(1));
      text.setAttribute('y', (y + thick * 0.5 + END_HEIGHT * scale).toFixed(1));
      text.style.display = shown ? '' : 'none';
    }
  }

  function update(state: ComponentState<Props, 'KV'>): void {
    const { props, theme, locale, data } = state;
    const changed = props !== latest?.props || theme !== latest.theme || locale !== latest.locale;
    if (format === undefined || changed) format = createNumberFormat(props, locale);
    latest = state;
    panel.update(state, undefined);
    const { width, height, scale } = panel.bodySize;
    const frame = `${width} ${height} ${scale}`;
    if (changed || frame !== drawn) {
      drawn = frame;
      drawFrame(state);
      low.textContent = format.parts(props.min).digits;
      high.textContent = format.parts(props.max).digits;
    }
    const row = data?.rows;
    const parts = format.parts(row?.value ?? null);
    const none = parts.digits === NO_NUMBER;
    const share = shareOf(row?.value, props.min, props.max);
    const past = props.thresholds.filter(({ at }) => typeof row?.value === 'number' && row.value >= at);
    const reached = past.reduce<(typeof past)[number] | undefined>((a, b) => (a && a.at > b.at ? a : b), undefined);
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
    fitNumber(parts.prefix + parts.digits);
    setText(unit, none ? '' : parts.unit || (row?.unit ?? ''));
    const name = textOf(props.label, locale) || (row?.label ?? '');
    setText(label, name);
    panel.describe(
      [textOf(props.title, locale), name, digits.textContent + unit.textContent].filter(Boolean).join(' '),
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
