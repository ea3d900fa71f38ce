/** What uPlot needs of a style sheet, without its legend and titles. */
export const CSS = `
.tw-ChartTimeStream .uplot, .tw-ChartTimeStream .u-wrap { position: relative; user-select: none; }
.tw-ChartTimeStream .u-over, .tw-ChartTimeStream .u-under { position: absolute; }
.tw-ChartTimeStream .u-under { overflow: hidden; }
.tw-ChartTimeStream canvas { display: block; position: relative; width: 100%; height: 100%; }
.tw-ChartTimeStream .u-axis { position: absolute; }
.tw-ChartTimeStream .u-cursor-x { position: absolute; left: 0; top: 0; height: 100%; pointer-events: none; will-change: transform; border-right: var(--hair) solid color-mix(in srgb, var(--accent) 70%, transparent); }
.tw-ChartTimeStream .u-cursor-pt { position: absolute; left: 0; top: 0; border-radius: 50%; pointer-events: none; will-change: transform; background-clip: padding-box !important; }
.tw-ChartTimeStream .u-select { display: none; }
.tw-ChartTimeStream .u-off { display: none; }
`;
