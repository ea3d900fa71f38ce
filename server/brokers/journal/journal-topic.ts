import type { Base, Keep } from '@tidewall/contracts';
import type { TopicName } from '@tidewall/protocol';
import { KeptLog } from '../kept-log.ts';
import { topicLine } from './records.ts';

/** One topic of the journal's broker: what is kept of it in memory, and what the files say of it. */
export class JournalTopic extends KeptLog {
  /** Its number in the files. */
  readonly id: number;
  readonly name: TopicName;
  /** Offset of the newest publication that has its place; those after the head wait to be told. */
  assigned = 0;
  /** Whether it shall outlive the process. */
  retain = true;
  /** Whether its follower has been told of a publication. */
  told = false;
  /** Nobody may find it by its name any more. */
  forgotten = false;
  /** What the files say of it beside its publications; undefined: they have nothing of it. */
  recorded: string | undefined;
  /** What `recorded` was last compared with. */
  checkedKeep: Keep | undefined;
  checkedBaseless: boolean | undefined;
  /** Whether the kept publications are all that anybody needs; undefined until its follower was asked. */
  baseless: boolean | undefined;
  /** Length of the newest base in the files, and of the publications that were let go since it was written. */
  baseSize = 0;
  letGo = 0;

  constructor(id: number, name: TopicName, epoch: string) {
    super(epoch);
    this.id = id;
    this.name = name;
  }

  /** What the files shall say of it. */
  get record(): string {
    const { id, name: topic, epoch, about, keep, baseless } = this;
    return topicLine({ id, topic, epoch, about, keep, ...(baseless === undefined ? {} : { baseless }) });
  }

  /** Whether all of it there ever was is kept. */
  get isWhole(): boolean {
    return this.first === 1;
  }

  /**
   * What was held, where the kept publications do not tell: at the head when the follower says it, else the newest
   * base there is. That there never is one is believed only of a follower that has been told of a publication: before
   * that it may not have read what is kept.
   */
  baseNow(): Base | undefined {
    if (!this.follower || this.baseless === true) return this.base;
    const json = this.follower.snapshot();
    if (this.told) this.baseless ??= json === undefined;
    return json === undefined ? this.base : { offset: this.head, at: this.at(this.head)?.at ?? 0, json };
  }
}
