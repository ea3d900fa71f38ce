import { spawnSync } from 'node:child_process';

const PROGRAM = `
  const library = await import('node:sqlite').catch(() => import(process.argv[1]));
  const database = new library.DatabaseSync(process.argv[2]);
  database.exec(process.argv[3]);
  database.close();
`;

/** Writes to a SQLite file, as another program. Tests only. */
export function writeSqlite(path: string, sql: string): void {
  const library = import.meta.resolve('@photostructure/sqlite');
  const args = ['--no-warnings', '--input-type=module', '-e', PROGRAM, library, path, sql];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}
