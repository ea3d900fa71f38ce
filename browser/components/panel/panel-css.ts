/**
 * The one border language of all components: a hair line, and short strokes of the accent at the four corners.
 * `--u` is a design pixel, `--hair` the thinnest crisp line. Nothing here moves, so an idle panel costs nothing.
 */
export const PANEL_CSS = `
.tw-panel {
  position: relative; box-sizing: border-box; width: 100%; height: 100%; overflow: hidden; contain: strict;
  color: var(--text-1); font-family: var(--font-text); font-size: calc(14 * var(--u)); line-height: 1.3;
  font-variant-numeric: tabular-nums; text-align: start; -webkit-font-smoothing: antialiased;
}
.tw-panel *, .tw-panel *::before, .tw-panel *::after { box-sizing: border-box; }
.tw-panel[data-panel="card"] {
  background:
    linear-gradient(180deg, color-mix(in srgb, var(--accent) 7%, transparent), transparent calc(88 * var(--u))),
    var(--surface);
  box-shadow: inset 0 0 0 var(--hair) var(--line);
}
.tw-panel[data-panel="card"]::after {
  content: ""; position: absolute; inset: 0; pointer-events: none; opacity: 0.75;
  --c: var(--accent); --a: calc(10 * var(--u)); --b: max(var(--hair), calc(1.5 * var(--u)));
  background:
    linear-gradient(var(--c) 0 0) left top / var(--a) var(--b), linear-gradient(var(--c) 0 0) left top / var(--b) var(--a),
    linear-gradient(var(--c) 0 0) right top / var(--a) var(--b), linear-gradient(var(--c) 0 0) right top / var(--b) var(--a),
    linear-gradient(var(--c) 0 0) left bottom / var(--a) var(--b), linear-gradient(var(--c) 0 0) left bottom / var(--b) var(--a),
    linear-gradient(var(--c) 0 0) right bottom / var(--a) var(--b), linear-gradient(var(--c) 0 0) right bottom / var(--b) var(--a);
  background-repeat: no-repeat;
}
.tw-head {
  position: absolute; display: flex; align-items: center; gap: calc(10 * var(--u)); white-space: nowrap;
}
.tw-title {
  display: flex; align-items: center; gap: calc(10 * var(--u)); min-width: 0; flex: 1 1 auto;
  color: var(--text-0); font-size: calc(17 * var(--u)); font-weight: 500; letter-spacing: 0.02em;
}
.tw-title::before {
  content: ""; flex: none; width: calc(3 * var(--u)); height: calc(15 * var(--u)); background: var(--accent);
}
.tw-title > span { overflow: hidden; text-overflow: ellipsis; }
.tw-title[hidden] { display: none; }
.tw-legend {
  display: flex; flex: 0 0.001 auto; gap: calc(18 * var(--u)); margin-left: auto; min-width: 0; overflow: hidden;
  color: var(--text-2); font-size: calc(13 * var(--u));
}
.tw-legend-item { display: flex; align-items: center; gap: calc(7 * var(--u)); flex: 0 1 auto; min-width: 0; }
.tw-legend-label { overflow: hidden; text-overflow: ellipsis; }
.tw-legend-more { flex: none; color: var(--text-3); }
.tw-legend-item::before {
  content: ""; flex: none; width: calc(14 * var(--u)); height: max(var(--hair), calc(3 * var(--u)));
  border-radius: calc(2 * var(--u)); background: var(--c);
}
.tw-legend[data-shape="block"] .tw-legend-item::before { width: calc(9 * var(--u)); height: calc(9 * var(--u)); }
.tw-legend-value[hidden] { display: none; }
.tw-legend-value { flex: none; color: var(--text-0); font-family: var(--font-number); text-align: right; }
.tw-body { position: absolute; overflow: hidden; }
.tw-notice {
  position: absolute; inset: 0; display: flex; align-items: center; justify-content: center; gap: calc(10 * var(--u));
  color: var(--text-2); font-size: calc(14 * var(--u)); letter-spacing: 0.04em; white-space: nowrap; overflow: hidden;
}
.tw-notice::before, .tw-notice::after {
  content: ""; width: calc(28 * var(--u)); height: var(--hair);
  background: linear-gradient(90deg, transparent, var(--text-3));
}
.tw-notice::after { transform: scaleX(-1); }
.tw-notice[hidden] { display: none; }
.tw-panel[data-state="stale"] .tw-body, .tw-panel[data-state="failed"] .tw-body { opacity: 0.5; }
.tw-number { font-family: var(--font-number); font-variant-numeric: tabular-nums; }
`;
