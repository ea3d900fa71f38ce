import { createReadStream } from 'node:fs';
import { access, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type JsonValue, parseJson } from '@tidewall/base';
import type { Log, RecordChange, Store } from '@tidewall/contracts';
import { AUDIT_BYTES } from '../audit/audit-log.ts';
import { pathText, wrongPlaces } from '../issue-sentence.ts';
import { ConfigError } from '../startup-errors.ts';
import { AUDIT_LOG } from './collections.ts';
import { OLD_FILES, type OldFile } from './old-files.ts';

const AUDIT_FOLDER = 'audit';
const LINES_AT_A_TIME = 1000;

/**
 * Takes over what versions before the store have kept in files, all of it or nothing, and gives those files other names. A
 * kill in between leaves the files as they were, to be taken over again.
 *
 * @throws ConfigError when one is damaged
 */
export async function takeOver(dataDir: string, store: Store, log: Log): Promise<void> {
  const found = (await Promise.all(OLD_FILES.map((file) => readOld(dataDir, file)))).filter(
    (each) => each !== undefined,
  );
  await store.write(found.flatMap(({ changes }) => changes));
  for (const { name } of found) await putAside(dataDir, name, log);
  if (await takeOverAudit(join(dataDir, AUDIT_FOLDER), store)) await putAside(dataDir, AUDIT_FOLDER, log);
}

async function readOld(
  dataDir: string,
  { name, schema, recordsOf, secrets }: OldFile,
): Promise<{ readonly name: string; readonly changes: readonly RecordChange[] } | undefined> {
  const path = join(dataDir, name);
  const cure = 'put back a copy of it, or move it away to start without what it holds';
  let value: JsonValue;
  try {
    value = parseJson(await readFile(path, 'utf8'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    const why = code ?? (cause instanceof Error ? cause.message : String(cause));
    throw new ConfigError(`${path} cannot be read: ${why}; ${cure}`, { cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return { name, changes: recordsOf(value) };
  const [wrong] = wrongPlaces(result.error.issues, value, schema, secrets);
  throw new ConfigError(`${path}: ${pathText(wrong?.path ?? [])} ${wrong?.says ?? 'is wrong'}; ${cure}`);
}

/** Adds the lines of the audit's files to its log. @returns whether there were such files */
async function takeOverAudit(folder: string, store: Store): Promise<boolean> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^audit(-\d+)?\.ndjson$/.test(name));
  // `audit.ndjson` is the newest; what was put aside counts up.
  names.sort((a, b) => Number(a === 'audit.ndjson') - Number(b === 'audit.ndjson') || (a < b ? -1 : 1));
  // A kill may have come between adding them and putting the folder aside: so many are there already.
  let known = await lastPlace(store);
  let lines: string[] = [];
  const add = async () => {
    await store.append(AUDIT_LOG, lines, AUDIT_BYTES);
    lines = [];
  };
  for (const name of names) {
    for await (const line of createInterface({ input: createReadStream(join(folder, name)) })) {
      // One that a stop has cut is none.
      if (!line.endsWith('}') || --known >= 0) continue;
      lines.push(line);
      if (lines.length >= LINES_AT_A_TIME) await add();
    }
  }
  await add();
  return names.length > 0;
}

async function lastPlace(store: Store): Promise<number> {
  for (let last = 0; ; ) {
    const place = (await store.readLog(AUDIT_LOG, last, LINES_AT_A_TIME)).at(-1)?.place;
    if (place === undefined) return last;
    last = place;
  }
}

async function putAside(dataDir: string, name: string, log: Log): Promise<void> {
  const isFree = (path: string) =>
    access(path).then(
      () => false,
      () => true,
    );
  let aside = `${name}.taken-over`;
  for (let n = 2; !(await isFree(join(dataDir, aside))); n++) aside = `${name}.taken-over-${n}`;
  await rename(join(dataDir, name), join(dataDir, aside));
  log.info({ file: name, aside }, 'what a version before has kept is in the store now');
}
