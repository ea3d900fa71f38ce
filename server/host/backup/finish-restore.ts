import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { STORE_FILE } from '../store/store-file.ts';

/** What a backup holds, checked, in the data folder: the restore is done as soon as this is there. */
export const RESTORED = '.restored';
/** The file in it that says where that goes which was in the data folder. */
export const ASIDE_NAME = 'aside';

/** Everything in a data folder that another state of the server brings its own of, or that has no meaning beside it. */
export const REPLACED = [
  STORE_FILE,
  `${STORE_FILE}-wal`,
  `${STORE_FILE}-shm`,
  'screens',
  'files',
  'journal',
  'nonces.json',
  'audit',
  'keys.json',
  'key-uses.json',
  'sources.json',
  'topic-settings.json',
  'users.json',
];

/**
 * Puts what was restored into its places, when there is something: each step can be done again, so that a kill in between
 * does no harm. Called before anything in the folder is opened, by who has the folder.
 */
export async function finishRestore(dataDir: string): Promise<void> {
  const from = join(dataDir, RESTORED);
  const name = await readFile(join(from, ASIDE_NAME), 'utf8').catch(() => undefined);
  if (name === undefined) return rm(from, { recursive: true, force: true });
  const aside = join(dataDir, name);
  const brought = (await readdir(from)).filter((each) => each !== ASIDE_NAME);
  for (const each of REPLACED) {
    // What is not in `from` any more is in its place already, and not to be put aside.
    if (brought.includes(each) || !BROUGHT.includes(each)) await putAside(dataDir, aside, each);
  }
  for (const each of brought) {
    if (!REPLACED.includes(each)) await putAside(dataDir, aside, each);
    await rename(join(from, each), join(dataDir, each));
  }
  await rm(from, { recursive: true, force: true });
}

/** What every restore brings. */
const BROUGHT: readonly string[] = [STORE_FILE, 'screens', 'files', 'nonces.json'];

async function putAside(dataDir: string, aside: string, name: string): Promise<void> {
  if (!(await isThere(join(dataDir, name)))) return;
  await mkdir(aside, { recursive: true, mode: 0o700 });
  await rename(join(dataDir, name), join(aside, name));
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
