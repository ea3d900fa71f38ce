import type { ComponentState, Locale, Mount, Theme } from '@tidewall/browser-contracts';
import { CLOCK, CLOCK_SHORT, createTimeFormat, type TimeFormat } from '../format/time-format.ts';
import { createPanel } from '../panel/panel.ts';
import { CSS } from './css.ts';
import type { Props } from './definition.ts';

/** Draws the server's time, and again on each second. */
export const mount: Mount<Props, 'NONE'> = (host, services) => {
  const { ownerDocument: document } = host;
  const panel = createPanel(host, { name: 'TimeClock', css: CSS, role: 'timer', padding: 12 });
  const root = panel.body.parentElement as HTMLElement;
  const time = document.createElement('time');
  const day = document.createElement('span');
  time.className = 'tw-TimeClock-time';
  day.className = 'tw-TimeClock-day';
  panel.body.append(day, time);
  root.style.setProperty('--fit', '1');

  let props: Props | undefined;
  let theme: Theme | undefined;
  let locale: Locale | undefined;
  let writeTime: TimeFormat = () => '';
  let writeDay: TimeFormat = () => '';

  function tick(): void {
    if (props === undefined) return;
    const now = services.serverNow();
    setText(time, writeTime(now));
    setText(day, writeDay(now));
    fit(props);
  }

  /** Smaller than it is asked to be where it would not fit: the beginning of a date that is cut off is a wrong date. */
  function fit({ size, layout }: Props): void {
    const { width, height, scale } = panel.bodySize;
    if (theme === undefined || width === 0) return;
    const daySize = Math.max(12, size * 0.5);
    const ems = (text: string, font: string, spacing: number): number =>
      panel.ruler.ems(text, font) + text.length * spacing;
    const timeWidth = ems(time.textContent, `500 ${theme.fontNumber}`, 0.03) * size;
    const dayWidth = ems(day.textContent, `400 ${theme.fontText}`, 0.04) * daySize;
    const stacked = layout === 'stack';
    const wide = day.hidden ? timeWidth : stacked ? Math.max(timeWidth, dayWidth) : timeWidth + 16 + dayWidth;
    const tall = size + (stacked && !day.hidden ? 4 + daySize * 1.3 : 0);
    const share = Math.min(1, width / (wide * scale), height / (tall * scale));
    root.style.setProperty('--fit', share.toFixed(3));
  }

  function update(state: ComponentState<Props, 'NONE'>): void {
    panel.update({ ...state, props: { title: '', panel: state.props.panel } }, undefined);
    if (state.props !== props || state.locale !== locale) {
      ({ props, locale } = state);
      writeTime = createTimeFormat(props.seconds ? CLOCK : CLOCK_SHORT, locale, props.timeZone);
      const options = dayOptions(props);
      writeDay = options === undefined ? () => '' : createTimeFormat(options, locale, props.timeZone);
      day.hidden = options === undefined;
      root.dataset['align'] = props.align;
      root.dataset['layout'] = props.layout;
      root.style.setProperty('--size', String(props.size));
      panel.describe(locale === 'zh' ? '服务器时间' : 'Server time');
    }
    theme = state.theme;
    tick();
  }

  const stop = services.everySecond(tick);
  return {
    update,
    resize(size) {
      panel.resize(size);
      tick();
    },
    dispose() {
      stop();
      panel.dispose();
    },
  };
};

function dayOptions({ date, weekday }: Props): Intl.DateTimeFormatOptions | undefined {
  const day: Intl.DateTimeFormatOptions = weekday ? { weekday: date === 'full' ? 'long' : 'short' } : {};
  if (date === 'none') return weekday ? { weekday: 'long' } : undefined;
  if (date === 'full') return { ...day, year: 'numeric', month: 'long', day: 'numeric' };
  return { ...day, year: 'numeric', month: '2-digit', day: '2-digit' };
}

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
