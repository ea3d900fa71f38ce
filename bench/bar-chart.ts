export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Its value for a reader. */
  readonly label: string;
  /** Drawn in the colour that stands out. */
  readonly ours: boolean;
}

export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 760;
const NAMES_WIDTH = 190;
const LABELS_WIDTH = 80;
const BAR = 16;
const STEP = 22;
const TITLE_STEP = 34;
const HEAD = 30;

/**
 * Horizontal bars in groups, each group to its own scale, as the text of an SVG file. It follows the reader's light or
 * dark scheme, and reads as text too.
 */
export function barChart(title: string, groups: readonly BarGroup[]): string {
  const parts: string[] = [];
  let y = HEAD;
  for (const group of groups) {
    y += TITLE_STEP;
    parts.push(text(0, y - 12, group.title, 'group'));
    const most = Math.max(...group.bars.map(({ value }) => value), Number.MIN_VALUE);
    for (const { name, value, label, ours } of group.bars) {
      const width = Math.max(1, (value / most) * (WIDTH - NAMES_WIDTH - LABELS_WIDTH));
      const kind = ours ? 'ours' : 'other';
      parts.push(
        text(NAMES_WIDTH - 8, y + BAR - 4, name, `name ${kind}`),
        `<rect class="${kind}" x="${NAMES_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>`,
        text(NAMES_WIDTH + width + 6, y + BAR - 4, label, 'label'),
      );
      y += STEP;
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 8}" role="img" aria-label="${escaped(title)}">
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 16px } .group { font-weight: 600 } .name { text-anchor: end }
rect.ours { fill: #0b6bcb } rect.other { fill: #9aa5b1 } .name.ours { font-weight: 600 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } rect.ours { fill: #58a6ff } rect.other { fill: #57606a } }
</style>
${text(0, 20, title, 'title')}
${parts.join('\n')}
</svg>
`;
}

function text(x: number, y: number, content: string, kind: string): string {
  return `<text class="${kind}" x="${x.toFixed(1)}" y="${y.toFixed(1)}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
