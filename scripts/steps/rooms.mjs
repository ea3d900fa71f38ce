import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} Room
 * @property {string} dir `core/base`, with "/" on every system
 * @property {string} name `@tidewall/base`
 * @property {Record<string, string>} dependencies by name, the version asked for
 * @property {Record<string, string>} exports by entry (`.`, `./schema`), the file
 * @property {string} manifest the text of its `package.json`
 */

/**
 * The workspaces of the house, by the patterns in its `package.json`.
 *
 * @param {string} root
 * @returns {Room[]}
 */
export function readRooms(root) {
  return readManifest(join(root, 'package.json')).workspaces.flatMap((pattern) => {
    const street = pattern.endsWith('/*') ? pattern.slice(0, -2) : undefined;
    if (street === undefined) return readRoom(root, pattern);
    if (!existsSync(join(root, street))) return [];
    return readdirSync(join(root, street), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap((entry) => readRoom(root, `${street}/${entry.name}`));
  });
}

/**
 * The rooms that a room is made of: itself, what it depends on, and so on.
 *
 * @param {readonly Room[]} rooms
 * @param {string} dir
 * @returns {string[]} directories
 */
export function roomsBehind(rooms, dir) {
  const byName = new Map(rooms.map((room) => [room.name, room]));
  const found = new Set([dir]);
  for (const at of found) {
    const room = rooms.find((candidate) => candidate.dir === at);
    for (const name of Object.keys(room?.dependencies ?? {})) {
      const behind = byName.get(name);
      if (behind) found.add(behind.dir);
    }
  }
  return [...found].sort();
}

/** @param {string} root @param {string} dir @returns {Room[]} */
function readRoom(root, dir) {
  const file = join(root, dir, 'package.json');
  if (!existsSync(file)) return [];
  const { name, dependencies, exports } = readManifest(file);
  return [{ dir, name, dependencies, exports, manifest: readFileSync(file, 'utf8') }];
}

/**
 * @param {string} file
 * @returns {{ name: string, workspaces: string[], dependencies: Record<string, string>, exports: Record<string, string> }}
 */
function readManifest(file) {
  const manifest = { workspaces: [], dependencies: {}, exports: {}, ...JSON.parse(readFileSync(file, 'utf8')) };
  // What may be missing is declared all the same.
  return { ...manifest, dependencies: { ...manifest.dependencies, ...manifest.optionalDependencies } };
}
