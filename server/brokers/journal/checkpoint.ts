import { rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Publication } from '@tidewall/contracts';
import { fairShare } from './fair-share.ts';
import { JournalFile } from './journal-file.ts';
import { syncFolder } from './journal-folder.ts';
import type { JournalTopic } from './journal-topic.ts';
import { baseLine, endLine, publicationLine } from './records.ts';

export interface CheckpointOptions {
  readonly path: string;
  readonly topics: readonly JournalTopic[];
  /** The most bytes that it may have. */
  readonly room: number;
  /** Ends it, with nothing left behind. */
  readonly signal: AbortSignal;
}

export interface Checkpoint {
  readonly bytes: number;
  /** Topics of which less is written than is kept, since there was no room for all. */
  readonly shortened: number;
}

/** Text is gathered up to this length before it is written, which also gives everybody else a turn. */
const WRITE_CHARACTERS = 256 * 1024;
/** About what a record has beside its data. */
const RECORD_CHARACTERS = 48;
/** How often it is tried again with less when texts turn out to have more bytes than characters. */
const TRIES = 4;

/** Less room than what must be there takes; the message names the setting. */
export class NoRoom extends Error {
  override readonly name = 'NoRoom';
}

/**
 * All that is kept of all topics, in one file that has its name only once it is whole and on the disk. When there is
 * no room for everything, the topics that keep most lose their oldest publications in it; the newest one and the base
 * are always there.
 *
 * @throws NoRoom when these alone are too much
 */
export async function writeCheckpoint(options: CheckpointOptions): Promise<Checkpoint> {
  const { path, topics, signal } = options;
  const least = topics.reduce((sum, topic) => sum + topic.baseSize, 0);
  if (least > options.room) throw noRoom(options.room);
  const part = `${path}.part`;
  let room = options.room;
  for (let tries = 0; tries < TRIES; tries++) {
    signal.throwIfAborted();
    const share = fairShare(topics.map(sizeOf), room);
    const file = await JournalFile.create(part);
    try {
      const shortened = await writeTopics(file, share, options);
      if (shortened !== undefined) {
        await file.write(endLine);
        await file.sync();
        signal.throwIfAborted();
        await file.close();
        await rename(part, path);
        await syncFolder(dirname(path));
        return { bytes: file.bytes, shortened };
      }
    } catch (failure) {
      await file.close();
      await unlink(part).catch(() => {});
      throw failure;
    }
    await file.close();
    await unlink(part);
    room /= 2;
  }
  throw noRoom(options.room);
}

/** About how many bytes a checkpoint of them all has. */
export function checkpointSize(topics: readonly JournalTopic[]): number {
  return topics.reduce((sum, topic) => sum + sizeOf(topic), 0);
}

function noRoom(room: number): NoRoom {
  return new NoRoom(`what is kept does not fit into ${room} bytes, 3/8 of journal.maxBytes`);
}

/** How many topics were shortened; undefined when it was more than there is room for. */
async function writeTopics(
  file: JournalFile,
  share: number,
  { topics, room, signal }: CheckpointOptions,
): Promise<number | undefined> {
  let text = '';
  let shortened = 0;
  for (const topic of topics) {
    if (topic.forgotten || topic.head === 0) continue;
    const { publications, head } = pictureOf(topic, share);
    if (publications.length < topic.count) shortened++;
    text += head;
    for (const publication of publications) {
      text += publicationLine(topic.id, publication);
      if (text.length < WRITE_CHARACTERS) continue;
      await file.write(text);
      text = '';
      signal.throwIfAborted();
      if (file.bytes > room) return undefined;
    }
  }
  if (text !== '') await file.write(text);
  return file.bytes > room ? undefined : shortened;
}

/** What is written of one topic, taken in one turn: by the time it is on the disk, some of it may have been let go. */
function pictureOf(topic: JournalTopic, share: number): { head: string; publications: Publication[] } {
  const base = topic.isWhole && sizeOf(topic) <= share ? undefined : topic.baseNow();
  // What an older base does not cover must be there.
  const mayShorten = topic.baseless === true || base?.offset === topic.head;
  const publications: Publication[] = [];
  let left = share - (base?.json.length ?? 0);
  for (let offset = topic.head; offset >= topic.first; offset--) {
    const publication = topic.at(offset);
    if (!publication) break;
    left -= publication.json.length + RECORD_CHARACTERS;
    if (left < 0 && publications.length > 0 && mayShorten) break;
    publications.push(publication);
  }
  if (base) {
    topic.baseSize = base.json.length;
    topic.letGo = 0;
  }
  return { head: topic.record + (base ? baseLine(topic.id, base) : ''), publications: publications.reverse() };
}

function sizeOf(topic: JournalTopic): number {
  return topic.size + topic.count * RECORD_CHARACTERS + topic.baseSize;
}
