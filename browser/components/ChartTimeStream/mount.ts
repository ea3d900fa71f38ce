import type { ComponentState, Mount } from '@tidewall/browser-contracts';
import { colorOf } from '../color/color.ts';
import { createNumberFormat, type NumberFormat } from '../format/number-format.ts';
import { createAttention } from '../panel/attention.ts';
import { createPanel, hairLine } from '../panel/panel.ts';
import { textOf } from '../text/text.ts';
import { CSS } from './css.ts';
import type { Props } from './definition.ts';
import { createPlot, type Plot } from './plot.ts';
import { createStreamWindow, fieldsOf, type StreamWindow } from './window.ts';

/** Columns beyond these are not drawn unless the props name them. */
const MOST_FIELDS = 8;

/** Draws columns over time. */
export const mount: Mount<Props, 'TS'> = (host, services) => {
  const panel = createPanel(host, { name: 'ChartTimeStream', css: CSS, role: 'img' });
  const reader = createStreamWindow();
  let latest: ComponentState<Props, 'TS'> | undefined;
  let values: NumberFormat | undefined;
  let fields: readonly string[] = [];
  let plot: Plot | undefined;
  let plotKey = '';
  let drawn: ComponentState<Props, 'TS'> | undefined;
  let window: StreamWindow | undefined;
  const attention = createAttention(panel.body, services, () => plot?.release());

  function update(state: ComponentState<Props, 'TS'>): void {
    const { props, theme, locale, data } = state;
    const changed = props !== latest?.props || theme !== latest.theme || locale !== latest.locale;
    if (values === undefined || changed) values = createNumberFormat(props, locale);
    latest = state;
    const empty = data === undefined || data.rows.t.length === 0;
    const wished = props.series.map(({ field }) => field);
    const wish = { windowMs: props.windowSeconds * 1000, now: services.serverNow() };
    fields = wished.length > 0 || data === undefined ? wished : fieldsOf(data.rows, MOST_FIELDS, wish);
    window = empty ? undefined : reader.read(data.rows, fields, wish);
    showLegend(undefined);
    panel.update(state, data === undefined ? 'waiting' : empty ? 'empty' : undefined);
    draw();
  }

  function draw(): void {
    const size = panel.bodySize;
    if (latest === undefined || window === undefined || size.width === 0) return;
    const hair = hairLine(size.scale, panel.body.ownerDocument);
    const key = JSON.stringify([fields, size, hair]);
    const { props, theme, locale } = latest;
    // Against what the plot was made with, not the state before: that one may have come while there was nothing to draw.
    const same = drawn?.props === props && drawn.theme === theme && drawn.locale === locale && key === plotKey;
    if (plot === undefined || !same) {
      plotKey = key;
      drawn = latest;
      plot?.dispose();
      const colors = fields.map((_field, index) => colorAt(index));
      plot = createPlot(panel.body, { props, theme, locale, size, hair, colors, hovered: showLegend });
    }
    plot.draw(window);
  }

  /** Names and numbers: those under the pointer, else the newest. */
  function showLegend(index: number | undefined): void {
    if (latest === undefined || values === undefined) return;
    const { props, locale } = latest;
    const { columns } = window ?? { columns: [[]] };
    const at = index ?? columns[0].length - 1;
    const said: string[] = [];
    const items = fields.map((field, place) => {
      const label = textOf(props.series[place]?.label ?? '', locale) || field;
      const value = (values as NumberFormat).text(columns[place + 1]?.[at] ?? null);
      said.push(`${label} ${value}`);
      return { label, color: colorAt(place), ...(props.legend === 'values' ? { value } : {}) };
    });
    panel.legend.update(props.legend === 'none' ? [] : items, 'line');
    if (index === undefined) {
      panel.describe([textOf(props.title, locale), ...said].filter(Boolean).join(', ') || 'Time stream');
    }
  }

  function colorAt(index: number): string {
    const { props, theme } = latest as ComponentState<Props, 'TS'>;
    return colorOf(props.series[index]?.color ?? '', theme, index);
  }

  return {
    update,
    resize(size) {
      panel.resize(size);
      if (latest !== undefined) update(latest);
    },
    dispose() {
      attention.dispose();
      plot?.dispose();
      panel.dispose();
    },
  };
};
