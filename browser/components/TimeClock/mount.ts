import type { ComponentState, Locale, Mount } from '@tidewall/browser-contracts';
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

  let props: Props | undefined;
  let locale: Locale | undefined;
  let writeTime: TimeFormat = () => '';
  let writeDay: TimeFormat = () => '';

  function tick(): void {
    if (props === undefined) return;
    const now = services.serverNow();
    setText(time, writeTime(now));
    setText(day, writeDay(now));
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
    tick();
  }

  const stop = services.everySecond(tick);
  return {
    update,
    resize: (size) => panel.resize(size),
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
