/** Looks of the title; the glow is one text shadow, painted once. */
export const CSS = `
.tw-TextTitle .tw-body {
  display: grid; align-items: center; overflow: visible; column-gap: calc(14 * var(--u)); grid-template-columns: minmax(0, 1fr);
}
.tw-TextTitle[data-decoration="wings"] .tw-body { grid-template-columns: minmax(0, 1fr) auto minmax(0, 1fr); }
.tw-TextTitle[data-decoration="wings"][data-align="left"] .tw-body { grid-template-columns: auto minmax(0, 1fr); }
.tw-TextTitle[data-decoration="wings"][data-align="right"] .tw-body { grid-template-columns: minmax(0, 1fr) auto; }
.tw-TextTitle-text { display: flex; flex-direction: column; min-width: 0; gap: calc(5 * var(--fit) * var(--u)); }
.tw-TextTitle[data-align="center"] .tw-TextTitle-text { align-items: center; }
.tw-TextTitle[data-align="right"] .tw-TextTitle-text { align-items: flex-end; }
.tw-TextTitle:not([data-align="center"]) .tw-TextTitle-text > * { padding-left: 0; }
.tw-TextTitle-text > * {
  max-width: 100%; overflow-x: clip; text-overflow: ellipsis; white-space: nowrap;
}
.tw-TextTitle-main {
  color: var(--text-0); font-size: calc(var(--size) * var(--fit) * var(--u)); font-weight: 600; line-height: 1.25;
  letter-spacing: 0.12em; padding: 0 0.38em 0 0.5em;
}
.tw-TextTitle[data-glow="true"][data-dark="true"] .tw-TextTitle-main {
  text-shadow: 0 0 0.55em color-mix(in srgb, var(--accent) 62%, transparent), 0 0 0.12em color-mix(in srgb, var(--accent) 30%, transparent);
}
.tw-TextTitle-sub {
  color: var(--text-2); font-size: calc(max(12, var(--size) * 0.36) * var(--fit) * var(--u)); letter-spacing: 0.22em;
  padding: 0 0.78em 0 1em;
}
.tw-TextTitle-sub[hidden], .tw-TextTitle-wing[hidden], .tw-TextTitle-rule[hidden] { display: none; }
.tw-TextTitle-wing { position: relative; height: calc(9 * var(--u)); }
.tw-TextTitle-wing::before {
  content: ""; position: absolute; inset: calc(4 * var(--u)) 0 auto; height: max(var(--hair), calc(1 * var(--u)));
  background: linear-gradient(90deg, transparent, color-mix(in srgb, var(--accent) 75%, transparent));
}
.tw-TextTitle-wing::after {
  content: ""; position: absolute; right: 0; top: 0; width: calc(42 * var(--u)); height: calc(9 * var(--u));
  background:
    linear-gradient(115deg, transparent 18%, var(--accent) 18.5% 31%, transparent 31.5% 43%,
      color-mix(in srgb, var(--accent) 65%, transparent) 43.5% 56%, transparent 56.5% 68%,
      color-mix(in srgb, var(--accent) 35%, transparent) 68.5% 81%, transparent 81.5%);
  transform: scaleX(-1);
}
.tw-TextTitle-wing.tw-right { transform: scaleX(-1); }
.tw-TextTitle-rule {
  align-self: stretch; height: max(var(--hair), calc(1 * var(--u))); margin-top: calc(4 * var(--fit) * var(--u));
  background: linear-gradient(90deg, transparent, var(--accent) 30% 70%, transparent);
}
.tw-TextTitle[data-align="left"] .tw-TextTitle-rule { background: linear-gradient(90deg, var(--accent), transparent); }
.tw-TextTitle[data-align="right"] .tw-TextTitle-rule { background: linear-gradient(270deg, var(--accent), transparent); }
`;
