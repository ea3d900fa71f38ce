import type { ComponentState, Mount } from '@tidewall/browser-contracts';
import type { KeyValueRow } from '@tidewall/screen';
import { createNumberFormat, NO_NUMBER, type NumberFormat, type NumberParts } from '../format/number-format.ts';
import { createPanel } from '../panel/panel.ts';
import { textOf } from '../text/text.ts';
import { CSS } from './css.ts';
import type { Props } from './definition.ts';
import { digitsThatFit, evenDigits } from './digits-that-fit.ts';
import { type Delta, deltaOf, statusOf } from './figures.ts';

/** Above this many publications a second a pulse would only flicker. */
const CALM_HZ = 5;

/** Design pixels below which no words are written: what does not fit then ends in an ellipsis. */
const SMALL = 13;

/** Draws one number. */
export const mount: Mount<Props, 'KV'> = (host, services) => {
  const { ownerDocument: document } = host;
  const panel = createPanel(host, { name: 'CardStat', css: CSS, role: 'img' });
  const root = panel.body.parentElement as HTMLElement;
  const make = (tag: string, className: string, parent: HTMLElement): HTMLElement => {
    const element = document.createElement(tag);
    element.className = `tw-CardStat-${className}`;
    parent.append(element);
    return element;
  };
  const pulse = make('div', 'pulse', root);
  const top = make('div', 'top', panel.body);
  const label = make('div', 'label', top);
  const mark = make('i', 'mark', label);
  const labelText = document.createElement('span');
  label.append(labelText);
  const value = make('div', 'value', panel.body);
  value.classList.add('tw-number');
  const prefix = document.createElement('small');
  const digits = document.createElement('span');
  digits.className = 'tw-CardStat-digits';
  const unit = document.createElement('small');
  value.append(prefix, digits, unit);
  const change = make('div', 'change', top);
  const delta = make('span', 'delta', change);
  delta.className = 'tw-CardStat-delta tw-number';
  const deltaLabel = make('span', 'delta-label', change);
  const target = make('div', 'target', panel.body);
  const track = make('div', 'track', target);
  const fill = make('div', 'fill', track);
  const reached = make('span', 'reached', target);
  reached.className = 'tw-number';

  let latest: ComponentState<Props, 'KV'> | undefined;
  let formats: { readonly number: NumberFormat; readonly percent: NumberFormat } | undefined;
  let shown: number | string | null | undefined;
  let beat: Animation | undefined;

  function update(state: ComponentState<Props, 'KV'>): void {
    const { props, locale, data } = state;
    if (formats === undefined || props !== latest?.props || locale !== latest.locale) {
      formats = {
        number: createNumberFormat(props, locale),
        percent: createNumberFormat({ ...props, format: 'percent', decimals: 1, unit: '' }, locale),
      };
    }
    latest = state;
    panel.update({ ...state, props: { title: '', panel: props.panel } }, undefined);
    const row: KeyValueRow = data?.rows ?? { value: null };
    const written = formats.number.parts(row.value, row.unit);
    setText(prefix, written.prefix);
    setText(digits, written.digits);
    setText(unit, written.unit);
    prefix.hidden = written.prefix === '';
    unit.hidden = written.unit === '';
    setText(labelText, textOf(props.label, locale) || (row.label ?? ''));
    const none = written.digits === NO_NUMBER;
    const status = none ? undefined : statusOf(row, props);
    label.hidden = labelText.textContent === '' && status === undefined;
    mark.hidden = status === undefined;
    mark.dataset['status'] = status ?? '';
    root.dataset['status'] = status ?? '';
    root.dataset['none'] = String(none);
    root.dataset['align'] = props.align;
    root.dataset['emphasis'] = props.emphasis;
    root.style.setProperty('--tone', state.theme[status ?? 'accent']);
    drawDelta(deltaOf(row, props, formats), state);
    drawTarget(row, state);
    fit(written, typeof row.value === 'string');
    describe(row, state, written);
    if (data !== undefined) beatOnChange(row.value, props.pulse && data.rateHz <= CALM_HZ);
  }

  function drawDelta(against: Delta | undefined, { props, locale }: ComponentState<Props, 'KV'>): void {
    change.hidden = against === undefined;
    if (against === undefined) return;
    setText(delta, against.text);
    delta.dataset['tone'] = against.tone;
    setText(deltaLabel, textOf(props.deltaLabel, locale));
  }

  function drawTarget(row: KeyValueRow, { locale }: ComponentState<Props, 'KV'>): void {
    const share = shareOfTarget(row);
    target.hidden = share === undefined;
    if (share === undefined) return;
    fill.style.transform = `scaleX(${Math.min(1, Math.max(0, share)).toFixed(4)})`;
    setText(reached, reachedText(locale, share));
  }

  /**
   * The digits as large as they fit: the height of the box decides, and its width for a number of this length. Words may
   * end in an ellipsis; a number that is cut off is a wrong number, and becomes as small as it must.
   */
  function fit(written: NumberParts, words: boolean): void {
    if (latest === undefined) return;
    const { width, height, scale } = panel.bodySize;
    const { fontNumber } = latest.theme;
    top.hidden = label.hidden && change.hidden;
    const gap = height / scale < 80 ? 6 : 10;
    const rest = height - ((top.hidden ? 0 : 20 + gap) + (target.hidden ? 0 : 17 + gap)) * scale;
    const small = (text: string): number => panel.ruler.ems(text, `400 ${fontNumber}`);
    const wide = digitsThatFit({
      width,
      digits: panel.ruler.ems(evenDigits(written.digits), `600 ${fontNumber}`),
      small: small(written.prefix) + small(written.unit),
      gaps: Number(written.prefix !== '') + Number(written.unit !== ''),
      smallest: SMALL * scale,
    });
    const most = (latest.props.emphasis === 'hero' ? 132 : 56) * scale;
    const size = Math.max(0, Math.min(most, rest * 0.86, words ? Math.max(SMALL * scale, wide) : wide));
    root.style.setProperty('--digits', `${size.toFixed(1)}px`);
    root.style.setProperty('--gap', String(gap));
  }

  function describe(row: KeyValueRow, { locale, props }: ComponentState<Props, 'KV'>, written: NumberParts): void {
    const name = textOf(props.label, locale) || (row.label ?? '');
    const number = written.prefix + written.digits + written.gap + written.unit;
    panel.describe([name, number, change.hidden ? '' : delta.textContent].filter(Boolean).join(' '));
  }

  function beatOnChange(next: number | string | null, calm: boolean): void {
    const changed = shown !== undefined && next !== shown;
    shown = next;
    if (!changed || !calm || services.reducedMotion) return;
    beat?.cancel();
    beat = pulse.animate([{ opacity: 1 }, { opacity: 0 }], { duration: 900, easing: 'ease-out' });
  }

  return {
    update,
    resize(size) {
      panel.resize(size);
      if (latest !== undefined) update(latest);
    },
    dispose() {
      beat?.cancel();
      panel.dispose();
    },
  };
};

function shareOfTarget({ value, target }: KeyValueRow): number | undefined {
  if (typeof value !== 'number' || target === undefined) return undefined;
  const share = value / target;
  return Number.isFinite(share) ? share : undefined;
}

function reachedText(locale: 'zh' | 'en', share: number): string {
  const percent = Math.round(share * 100);
  return locale === 'zh' ? `目标 ${percent}%` : `${percent}% of target`;
}

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
