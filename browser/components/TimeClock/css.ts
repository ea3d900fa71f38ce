/** Looks of the clock. */
export const CSS = `
.tw-TimeClock .tw-body { display: flex; align-items: center; gap: calc(16 * var(--fit) * var(--u)); white-space: nowrap; }
.tw-TimeClock[data-align="center"] .tw-body { justify-content: center; }
.tw-TimeClock[data-align="right"] .tw-body { justify-content: flex-end; }
.tw-TimeClock[data-layout="stack"] .tw-body { flex-direction: column; justify-content: center; gap: calc(4 * var(--fit) * var(--u)); align-items: flex-start; }
.tw-TimeClock[data-layout="stack"][data-align="center"] .tw-body { align-items: center; }
.tw-TimeClock[data-layout="stack"][data-align="right"] .tw-body { align-items: flex-end; }
.tw-TimeClock[data-layout="row"] .tw-TimeClock-time { order: 1; }
.tw-TimeClock[data-layout="row"][data-align="left"] .tw-TimeClock-time { order: 0; }
.tw-TimeClock-time {
  color: var(--text-0); font-family: var(--font-number); font-size: calc(var(--size) * var(--fit) * var(--u)); font-weight: 500;
  line-height: 1; letter-spacing: 0.03em;
}
.tw-TimeClock-day {
  color: var(--text-2); font-size: calc(max(12, var(--size) * 0.5) * var(--fit) * var(--u)); line-height: 1.3; letter-spacing: 0.04em;
}
.tw-TimeClock-day[hidden] { display: none; }
`;
