// npm run bench -- chart: the newest results as charts in docs/images and as tables in docs/guide/performance.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { barChart } from './bar-chart.ts';
import { newestResults, type Result } from './results.ts';
import { counting, medians } from './rows.ts';
import { blocksOf, type Column, cell } from './table.ts';

const BEGIN = '<!-- results: made by "npm run bench -- chart" -->';
const END = '<!-- end of results -->';
const guide = new URL('../docs/guide/performance.md', import.meta.url);

const results = newestResults();
for (const result of results)
  writeFileSync(new URL(`../docs/images/${imageOf(result)}`, import.meta.url), chartOf(result));
const page = readFileSync(guide, 'utf8');
const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
if (begin < 0 || end < begin) throw new Error(`${guide.pathname} has no place for results: ${BEGIN} … ${END}`);
writeFileSync(
  guide,
  `${page.slice(0, begin + BEGIN.length)}\n\n${results.map(sectionOf).join('\n')}\n${page.slice(end)}`,
);
console.log(`drawn: ${results.map(({ benchmark, date }) => `${benchmark} of ${date}`).join(', ')}`);

function imageOf({ benchmark }: Result): string {
  return `bench-${benchmark}.svg`;
}

/** The first column, which is what a benchmark is about. */
function chartOf({ benchmark, rows, columns }: Result): string {
  const first = columns[0] as Column;
  const groups = [...new Set(rows.map(({ setting }) => setting))].map((setting) => {
    const contenders = [...new Set(rows.filter((row) => row.setting === setting).map(({ contender }) => contender))];
    const bars = contenders.flatMap((name) => {
      const figures = medians(counting(rows, setting, name));
      const value = figures[first.key];
      return value === undefined ? [] : { name, value, label: cell(first, figures), ours: name.startsWith('tidewall') };
    });
    return { title: setting, bars };
  });
  return barChart(`${benchmark}: ${first.head}, less is better`, groups);
}

function sectionOf(result: Result): string {
  const { benchmark, rows, columns, goals, machine, date, rounds, seconds, quick, versions } = result;
  const tables = blocksOf(rows, columns).map((block) => {
    const [head = [], ...lines] = block.map((cells) => `| ${cells.join(' | ')} |`);
    return [head, `|---|${columns.map(() => '---:|').join('')}`, ...lines].join('\n');
  });
  const others = Object.values(versions).filter((version, i, all) => all.indexOf(version) === i);
  return [
    `### ${benchmark}`,
    `${date}; ${machine}; ${rounds} rounds of ${seconds} s${quick ? ', a quick run' : ''}; medians. ${others.join(' · ')}.`,
    `![${benchmark}](../images/${imageOf(result)})`,
    ...tables,
    goals
      .map(({ verdict, text, reached }) => `- ${verdict === '–' ? '–' : `**${verdict}**`} ${text}: ${reached}`)
      .join('\n'),
    '',
  ].join('\n\n');
}
