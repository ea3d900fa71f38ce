/** Looks of the feed; entries move by transform and opacity only. */
export const CSS = `
.tw-EventFeed-list { position: absolute; inset: 0; margin: 0; padding: 0; list-style: none; }
.tw-EventFeed-entry {
  position: absolute; left: 0; right: 0; top: 0; display: flex; align-items: center; gap: calc(11 * var(--u));
  height: var(--row); padding: 0 calc(2 * var(--u)); color: var(--text-1); font-size: calc(14 * var(--u)); white-space: nowrap;
  box-shadow: inset 0 calc(-1 * var(--hair)) 0 color-mix(in srgb, var(--line) 65%, transparent);
}
.tw-EventFeed[data-moves="true"] .tw-EventFeed-entry { transition: transform 320ms cubic-bezier(0.2, 0.7, 0.2, 1), opacity 320ms; }
.tw-EventFeed-mark { flex: none; width: calc(8 * var(--u)); height: calc(8 * var(--u)); margin-left: calc(3 * var(--u)); }
.tw-EventFeed-entry[data-level="info"] .tw-EventFeed-mark { border-radius: 50%; box-shadow: inset 0 0 0 max(var(--hair), calc(1.75 * var(--u))) var(--accent); }
.tw-EventFeed-entry[data-level="good"] .tw-EventFeed-mark { border-radius: 50%; background: var(--good); }
.tw-EventFeed-entry[data-level="warn"] .tw-EventFeed-mark { background: var(--warn); clip-path: polygon(50% 0, 100% 94%, 0 94%); transform: scale(1.25); }
.tw-EventFeed-entry[data-level="alert"] .tw-EventFeed-mark { background: var(--alert); transform: rotate(45deg); }
.tw-EventFeed-time { flex: none; color: var(--text-2); }
.tw-EventFeed-time[hidden] { display: none; }
.tw-EventFeed-text { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; }
.tw-EventFeed-entry[data-level="alert"] .tw-EventFeed-text { color: var(--alert); }
.tw-EventFeed-entry[data-level="warn"] .tw-EventFeed-text { color: var(--warn); }
`;
