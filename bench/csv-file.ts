import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CsvFile } from './contenders/csv.ts';

const LINES_AT_ONCE = 5_000;
const START_MS = 1_700_000_000_000;

/** Writes a CSV file of so many bytes, of times, numbers, texts and some quotes; gone when this process is. */
export async function writeCsvFile(bytes: number): Promise<CsvFile> {
  const folder = mkdtempSync(join(tmpdir(), 'tidewall-bench-csv-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'rows.csv');
  const out = createWriteStream(path);
  out.write('time,line,product,count,temperature,ok,note\n');
  let rows = 0;
  for (let written = 0; written < bytes; ) {
    let text = '';
    for (let i = 0; i < LINES_AT_ONCE; i++) text += line(rows++);
    written += text.length;
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  return { path, rows };
}

function line(n: number): string {
  const time = new Date(START_MS + n * 1000).toISOString();
  const note = n % 10 === 0 ? '"a ""quoted"", note"' : 'fine';
  return `${time},line-${n % 7},"pump ${n % 100}",${(n * 7919) % 1000},${((n * 104_729) % 100_000) / 1000},${n % 3 === 0},${note}\n`;
}
