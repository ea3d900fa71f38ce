import { fileBytes } from '../file-bytes.ts';
import { LineSplitter } from '../line-splitter.ts';
import { type RecordedLine, readRecordedLine } from './recorded-line.ts';

/** A line of a recording, by its number from 1; undefined for one that was refused, so that its reader can have a turn. */
export type NumberedLine = RecordedLine & { readonly number: number };

/**
 * The lines of a recording in their order, read as they are needed. One that is wrong is refused by its number, and the
 * others go on; empty ones are none.
 *
 * @throws TidewallError source_error naming the path
 */
export async function* recordedLines(
  path: string,
  mostBytes: number,
  refused: (reason: string) => void,
): AsyncGenerator<NumberedLine | undefined, void> {
  let number = 0;
  const splitter = new LineSplitter(() => {
    number += 1;
    refused(`line ${number} has more than ${mostBytes} bytes`);
  }, mostBytes);
  const read = (text: string): NumberedLine | undefined => {
    number += 1;
    if (text.trim() === '') return undefined;
    const line = readRecordedLine(text);
    if (!('refused' in line)) return { ...line, number };
    refused(`line ${number} ${line.refused}`);
    return undefined;
  };
  for await (const chunk of fileBytes(path, 0, Number.MAX_SAFE_INTEGER)) {
    // A copy, since what is left of it is looked at when the chunk is written over.
    for (const text of splitter.push(Buffer.from(chunk))) yield read(text);
  }
  for (const text of splitter.end()) yield read(text);
}
