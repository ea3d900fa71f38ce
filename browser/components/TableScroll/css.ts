/** Looks of the table; a page comes in by opacity, a changed row lights up by opacity. */
export const CSS = `
.tw-TableScroll-head, .tw-TableScroll-row { position: absolute; left: 0; right: 0; display: grid; grid-template-columns: var(--columns); align-items: center; }
.tw-TableScroll-head {
  top: 0; height: var(--head); color: var(--text-2); font-size: calc(13.5 * var(--u)); letter-spacing: 0.02em;
  background: color-mix(in srgb, var(--accent) 9%, transparent);
  box-shadow: inset 0 calc(-1 * var(--hair)) 0 color-mix(in srgb, var(--accent) 45%, transparent);
}
.tw-TableScroll-view { position: absolute; left: 0; right: 0; top: var(--head); height: var(--view); overflow: hidden auto; scrollbar-width: none; outline: none; }
.tw-TableScroll-view:focus-visible { box-shadow: inset 0 0 0 max(var(--hair), calc(2 * var(--u))) var(--accent); }
.tw-TableScroll-rows { position: relative; }
.tw-TableScroll-row {
  top: 0; height: var(--row); color: var(--text-1); font-size: calc(14.5 * var(--u));
  box-shadow: inset 0 calc(-1 * var(--hair)) 0 color-mix(in srgb, var(--line) 60%, transparent);
}
.tw-TableScroll-row::before { content: ""; position: absolute; inset: 0; opacity: 0; background: color-mix(in srgb, var(--accent) 22%, transparent); }
.tw-TableScroll-cell { position: relative; min-width: 0; height: 100%; display: flex; align-items: center; padding: 0 calc(10 * var(--u)); }
.tw-TableScroll-cell > span { position: relative; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.tw-TableScroll-cell[data-align="right"] { justify-content: flex-end; font-family: var(--font-number); }
.tw-TableScroll-cell[data-align="center"] { justify-content: center; }
.tw-TableScroll-bar {
  position: absolute; left: calc(10 * var(--u)); right: calc(10 * var(--u)); bottom: calc(4 * var(--u)); height: max(var(--hair), calc(3 * var(--u)));
  background: color-mix(in srgb, var(--text-3) 16%, transparent); overflow: hidden; border-radius: calc(2 * var(--u));
}
.tw-TableScroll-bar::before { content: ""; position: absolute; inset: 0; background: var(--accent); transform-origin: 0 50%; transform: scaleX(var(--share)); border-radius: inherit; }
.tw-TableScroll-cell[data-bar="true"] > span { bottom: calc(2 * var(--u)); }
.tw-TableScroll-rail { position: absolute; right: calc(-9 * var(--u)); top: var(--head); height: var(--view); width: max(var(--hair), calc(2 * var(--u))); background: color-mix(in srgb, var(--text-3) 18%, transparent); }
.tw-TableScroll-rail[hidden] { display: none; }
.tw-TableScroll-thumb { position: absolute; left: 0; right: 0; top: 0; background: color-mix(in srgb, var(--accent) 70%, transparent); }
.tw-TableScroll .tw-body { overflow: visible; }
`;
