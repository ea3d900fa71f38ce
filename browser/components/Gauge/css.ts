/** Looks of the gauge; the arc moves only when its value changed. */
export const CSS = `
.tw-Gauge svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; fill: none; }
.tw-Gauge-track { stroke: color-mix(in srgb, var(--text-3) 20%, transparent); stroke-linecap: round; }
.tw-Gauge-value { stroke: var(--tone); stroke-linecap: round; stroke-dasharray: 1 2; }
.tw-Gauge[data-moves="true"] .tw-Gauge-value { transition: stroke-dashoffset 500ms cubic-bezier(0.2, 0.7, 0.2, 1), stroke 300ms; }
.tw-Gauge-knob { fill: var(--text-0); transform-origin: 0 0; }
.tw-Gauge[data-moves="true"] .tw-Gauge-turn { transition: transform 500ms cubic-bezier(0.2, 0.7, 0.2, 1); }
.tw-Gauge-end { fill: var(--text-2); font-family: var(--font-number); font-variant-numeric: tabular-nums; text-anchor: middle; }
.tw-Gauge-center { position: absolute; left: 0; right: 0; text-align: center; line-height: 1; }
.tw-Gauge-number { color: var(--text-0); font-weight: 600; white-space: nowrap; font-size: var(--digits); letter-spacing: -0.01em; }
.tw-Gauge-number small { font-size: 0.44em; font-weight: 400; color: var(--text-2); margin-left: 0.12em; letter-spacing: 0; }
.tw-Gauge[data-none="true"] .tw-Gauge-number { color: var(--text-3); }
.tw-Gauge-label { margin: 0.55em auto 0; color: var(--text-2); font-size: max(calc(13 * var(--u)), calc(var(--digits) * 0.3)); line-height: 1.3; margin-bottom: -0.3em; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
`;
