/**
 * `findSqlite(installed, isUsable, isBest)` as JavaScript, for programs that are given to a thread or a process as texts:
 * the SQLite of this Node when it is the best, else the one that is installed, else that of this Node when it can be used;
 * undefined when there is none.
 */
export const FIND_SQLITE = `
async function findSqlite(installed, isUsable, isBest = isUsable) {
  const own = await import('node:sqlite').catch(() => undefined);
  if (own && isBest(own)) return own;
  const other = installed && (await import(installed).catch(() => undefined));
  return other || (own && isUsable(own) ? own : undefined);
}
`;

/** Where SQLite is for a Node that has none of its own, as `findSqlite` takes it; undefined when it is not installed. */
export function installedSqlite(): string | undefined {
  try {
    return import.meta.resolve('@photostructure/sqlite');
  } catch {
    return undefined;
  }
}

/** What to do where `findSqlite` finds none. */
export const NO_SQLITE = `Node ${process.versions.node} has no SQLite that we can use; install @photostructure/sqlite beside tidewall, or run Node 22.16 or later`;
