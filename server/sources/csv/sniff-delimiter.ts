import { RecordSplitter } from '../record-splitter.ts';

/** In the order that counts when nothing else does. */
const CANDIDATES = [',', ';', '\t', '|'] as const;
/** So much of the text is looked at, and so many of its records. */
export const SNIFFED_CHARACTERS = 16 * 1024;
const SNIFFED_RECORDS = 50;

/**
 * The delimiter that cuts most of the first records into as many cells as the first of them has; of several the one that
 * makes more cells. A text that none of them cuts has one column: then it is `,`, or `;` where that is in numbers.
 *
 * @param decimal what stands before a number's fraction: as a delimiter it counts last
 */
export function sniffDelimiter(text: string, quote: string, decimal: string): string {
  const sample = text.slice(0, SNIFFED_CHARACTERS);
  let best: { readonly delimiter: string; readonly agreeing: number; readonly cells: number } | undefined;
  for (const delimiter of [...CANDIDATES].sort((a, b) => Number(a === decimal) - Number(b === decimal))) {
    if (delimiter === quote) continue;
    const splitter = new RecordSplitter({ delimiter, quote });
    const records = splitter.push(sample);
    // A cut sample ends within a record.
    if (sample.length === text.length) records.push(...splitter.end());
    const counts = records.slice(0, SNIFFED_RECORDS).map((record) => ('cells' in record ? record.cells.length : 0));
    const cells = counts[0] ?? 0;
    if (cells < 2) continue;
    const agreeing = counts.filter((count) => count === cells).length;
    const isBetter =
      best === undefined || agreeing > best.agreeing || (agreeing === best.agreeing && cells > best.cells);
    if (isBetter) best = { delimiter, agreeing, cells };
  }
  return best?.delimiter ?? (decimal === ',' ? ';' : ',');
}
