import type { Operation, Position, TopicKind } from './topic.ts';

/** Publications of a topic in order, their data still as text. */
export interface HistoryPage extends Position {
  readonly kind: TopicKind;
  readonly entries: readonly {
    readonly o: number;
    readonly at: number;
    readonly op: Operation;
    readonly json: string;
  }[];
  readonly more: boolean;
}

/** A page as the JSON of a `HistoryReply`; the data goes in as it is and is not read. */
export function writeHistory({ epoch, offset, kind, entries, more }: HistoryPage): string {
  const texts = entries.map(({ o, at, op, json }) => `{"o":${o},"at":${at},"op":"${op}","d":${json}}`);
  return `{"epoch":"${epoch}","offset":${offset},"kind":"${kind}","entries":[${texts.join(',')}],"more":${more}}`;
}
