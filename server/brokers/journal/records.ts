import type { Base, Keep, Publication } from '@tidewall/contracts';
import type { Operation, TopicName } from '@tidewall/protocol';

/*
 * A record is a line of text: a letter, fields that have no space, and where there is data, its JSON up to the end.
 *
 *   v {"version":1}                                       first in each file
 *   t {"id":7,"topic":"a/b","epoch":"…","about":"…",…}    a topic, or what has changed of it
 *   p 7 41 1700000000000 1 merge - {"a":1}                publication: topic, offset, at, weight, op, key, data
 *   b 7 41 1700000000000 {"a":1}                          base: topic, offset, at, data
 *   f 7                                                   the topic is forgotten
 *   e                                                     last in a checkpoint
 */

export const FORMAT_VERSION = 1;

/** What is said of a topic beside its publications. */
export interface TopicRecord {
  /** Its number in this journal; one that was forgotten and comes again has a new one. */
  readonly id: number;
  readonly topic: TopicName;
  readonly epoch: string;
  readonly about: string;
  readonly keep: Keep;
  /** Whether the kept publications are all that anybody needs, so that there never is a base. */
  readonly baseless?: boolean;
}

export const versionLine = `v ${JSON.stringify({ version: FORMAT_VERSION })}\n`;
export const endLine = 'e\n';

export function topicLine(record: TopicRecord): string {
  return `t ${JSON.stringify(record)}\n`;
}

export function publicationLine(id: number, { offset, at, weight, op, key, json }: Publication): string {
  const keyText = key === undefined ? '-' : JSON.stringify(key).replaceAll(' ', '\\u0020');
  return `p ${id} ${offset} ${at} ${weight} ${op} ${keyText} ${json}\n`;
}

export function baseLine(id: number, { offset, at, json }: Base): string {
  return `b ${id} ${offset} ${at} ${json}\n`;
}

export function forgottenLine(id: number): string {
  return `f ${id}\n`;
}

/** Who is told what the lines say, in order. */
export interface RecordReader {
  version(version: number): void;
  topic(record: TopicRecord): void;
  publication(id: number, publication: Publication): void;
  base(id: number, base: Base): void;
  forgotten(id: number): void;
  end(): void;
}

const LINE_FEED = 0x0a;
const SPACE = 0x20;

/** @throws SyntaxError when a line is none of a journal's; what was before it has been told */
export function readRecords(lines: Buffer, reader: RecordReader): void {
  for (let from = 0; from < lines.length; ) {
    const end = lines.indexOf(LINE_FEED, from);
    if (end < 0) throw new SyntaxError('the last line does not end');
    readRecord(new Line(lines, from, end), reader);
    from = end + 1;
  }
}

function readRecord(line: Line, reader: RecordReader): void {
  const letter = line.word();
  switch (letter) {
    case 'p': {
      const id = line.number();
      const offset = line.number();
      const at = line.number();
      const weight = line.number();
      const op = line.word() as Operation;
      const key = line.word();
      const json = line.rest();
      const publication = { op, json, at, weight, offset };
      reader.publication(id, key === '-' ? publication : { ...publication, key: JSON.parse(key) as string });
      return;
    }
    case 'b': {
      const id = line.number();
      const offset = line.number();
      const at = line.number();
      reader.base(id, { offset, at, json: line.rest() });
      return;
    }
    case 't':
      reader.topic(JSON.parse(line.rest()) as TopicRecord);
      return;
    case 'f':
      reader.forgotten(line.number());
      return;
    case 'v':
      reader.version((JSON.parse(line.rest()) as { version: number }).version);
      return;
    case 'e':
      reader.end();
      return;
    default:
      throw new SyntaxError(`a line starts with "${letter.slice(0, 8)}"`);
  }
}

/** Reads one line from the left. Each text is a copy: a slice would keep the whole frame in memory. */
class Line {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, from: number, end: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = end;
  }

  /** Up to the next space, or to the end of the line. */
  word(): string {
    const space = this.#bytes.indexOf(SPACE, this.#at);
    const end = space < 0 || space > this.#end ? this.#end : space;
    const word = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return word;
  }

  number(): number {
    const word = this.word();
    const value = Number(word);
    if (word === '' || !Number.isFinite(value)) throw new SyntaxError(`"${word.slice(0, 20)}" is not a number`);
    return value;
  }

  rest(): string {
    if (this.#at > this.#end) throw new SyntaxError('a line ends too early');
    const rest = this.#bytes.toString('utf8', this.#at, this.#end);
    this.#at = this.#end + 1;
    return rest;
  }
}
