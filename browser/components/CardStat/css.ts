/** Looks of the figure. The pulse is an opacity of a layer of its own: the compositor does it alone. */
export const CSS = `
.tw-CardStat .tw-body {
  display: flex; flex-direction: column; justify-content: center; gap: calc(var(--gap) * var(--u)); overflow: visible;
}
.tw-CardStat[data-align="center"] .tw-body { align-items: center; text-align: center; }
.tw-CardStat-top { display: flex; align-items: center; justify-content: space-between; gap: calc(14 * var(--u)); white-space: nowrap; }
.tw-CardStat[data-align="center"] .tw-CardStat-top { justify-content: center; max-width: 100%; }
.tw-CardStat-label {
  display: flex; align-items: center; gap: calc(8 * var(--u)); min-width: 0;
  color: var(--text-2); font-size: calc(15 * var(--u)); letter-spacing: 0.03em;
}
.tw-CardStat-label > span { overflow: hidden; text-overflow: ellipsis; }
.tw-CardStat-mark { flex: none; width: calc(9 * var(--u)); height: calc(9 * var(--u)); background: var(--tone); }
.tw-CardStat-mark[hidden], .tw-CardStat [hidden] { display: none; }
.tw-CardStat-mark[data-status="good"] { border-radius: 50%; }
.tw-CardStat-mark[data-status="warn"] { clip-path: polygon(50% 4%, 100% 96%, 0 96%); }
.tw-CardStat-mark[data-status="alert"] { transform: rotate(45deg) scale(0.82); }
.tw-CardStat-value {
  display: flex; align-items: baseline; gap: 0.14em; max-width: 100%; white-space: nowrap; line-height: 1;
  color: var(--text-0); font-size: var(--digits); font-weight: 600; letter-spacing: -0.005em;
}
.tw-CardStat-value > * { flex: 0 1 auto; min-width: 0; overflow-x: clip; text-overflow: ellipsis; }
.tw-CardStat-value .tw-CardStat-digits { flex-shrink: 0; max-width: 100%; }
.tw-CardStat-value small { font-size: max(0.42em, calc(13 * var(--u))); font-weight: 400; color: var(--text-2); letter-spacing: 0; }
.tw-CardStat[data-emphasis="hero"][data-dark="true"] .tw-CardStat-value {
  text-shadow: 0 0 0.5em color-mix(in srgb, var(--accent) 60%, transparent);
}
.tw-CardStat[data-emphasis="hero"] .tw-CardStat-value .tw-CardStat-digits { overflow-x: visible; }
.tw-CardStat[data-status="warn"] .tw-CardStat-value, .tw-CardStat[data-status="alert"] .tw-CardStat-value { color: var(--tone); }
.tw-CardStat[data-none="true"] .tw-CardStat-value { color: var(--text-3); text-shadow: none; }
.tw-CardStat-change { display: flex; flex: 0 1 auto; min-width: 0; align-items: baseline; gap: calc(7 * var(--u)); color: var(--text-2); font-size: calc(13 * var(--u)); }
.tw-CardStat-delta-label { overflow: hidden; text-overflow: ellipsis; }
.tw-CardStat-delta { flex: none; color: var(--text-1); }
.tw-CardStat-delta[data-tone="good"] { color: var(--good); }
.tw-CardStat-delta[data-tone="alert"] { color: var(--alert); }
.tw-CardStat-target { display: flex; align-items: center; gap: calc(10 * var(--u)); width: 100%; color: var(--text-2); font-size: calc(13 * var(--u)); }
.tw-CardStat-track { position: relative; flex: 1; height: calc(4 * var(--u)); overflow: hidden; border-radius: calc(2 * var(--u)); background: color-mix(in srgb, var(--text-3) 24%, transparent); }
.tw-CardStat-fill { position: absolute; inset: 0; border-radius: inherit; background: var(--accent); transform-origin: 0 50%; }
.tw-CardStat-pulse {
  position: absolute; inset: 0; opacity: 0; pointer-events: none;
  background: radial-gradient(ellipse 70% 90% at 30% 50%, color-mix(in srgb, var(--accent) 34%, transparent), transparent);
}
`;
