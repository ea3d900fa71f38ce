import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRooms } from '../steps/rooms.mjs';
import { type Import, importsOf } from './imports-of.ts';
import { type Ladder, parseLadder } from './ladder.ts';
import { sourceFiles } from './source-files.ts';

/** One workspace: a directory with a `package.json`. */
export interface Room {
  readonly dir: string;
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
  /** The text of its `package.json`. */
  readonly manifest: string;
}

/** A file with what it imports. */
export interface SourceFile {
  readonly path: string;
  readonly imports: readonly Import[];
}

/** Everything that the rules look at, read once. */
export interface House {
  readonly ladder: Ladder;
  readonly rooms: readonly Room[];
  readonly files: readonly SourceFile[];
}

/** Reads the house that stands at `root`. */
export function readHouse(root: string): House {
  return {
    ladder: parseLadder(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')),
    rooms: readRooms(root),
    files: sourceFiles(root).map((path) => ({
      path,
      imports: importsOf(path, readFileSync(join(root, path), 'utf8')),
    })),
  };
}

/** The room that a path lies in; undefined outside of all. */
export function roomAt(house: House, path: string): Room | undefined {
  return house.rooms.find(({ dir }) => path.startsWith(`${dir}/`));
}

const DEVELOPMENT_FOLDERS = ['testkit/', 'bench/', 'e2e/', 'examples/', 'scripts/'];
const DEVELOPMENT_FILE = /\.(test|contract|e2e|browser|bench|config)\.[cm]?[jt]sx?$/;

/** Whether a file never runs in the product: a test, a tool, or the configuration of one. */
export function isDevelopment(path: string): boolean {
  return (
    DEVELOPMENT_FILE.test(path) || DEVELOPMENT_FOLDERS.some((folder) => path.startsWith(folder)) || !path.includes('/')
  );
}

/** Whether a file is the end of a wire that runs in a page; all else in `gateways/` runs in the server. */
export function isClientEnd(path: string): boolean {
  return /^gateways\/[^/]+\/client\.ts$/.test(path);
}

/** Where a house package's entry or a relative import leads; undefined when to no file of the house. */
export function targetOf(house: House, from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return resolveRelative(from, specifier);
  const room = house.rooms.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));
  const file = room?.exports[`.${specifier.slice(room.name.length)}`];
  return room === undefined || file === undefined ? undefined : `${room.dir}/${file.replace(/^\.\//, '')}`;
}

/** The path that a relative specifier means; it begins with `..` when it leaves the house. */
export function resolveRelative(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.replace(/[?#].*$/, '').split('/')) {
    if (part === '..') {
      if (parts.length === 0 || parts.at(-1) === '..') parts.push('..');
      else parts.pop();
    } else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}
