import { z } from 'zod';
import { STORE_FILE } from '../store/store-file.ts';

/** A backup is a tar file, compressed by gzip: what this names, and at its end this, by which all of it is checked. */
export const MANIFEST = 'manifest.json';

export const manifestSchema = z.strictObject({
  format: z.literal(1),
  /** Of the program that made it. */
  version: z.string(),
  /** ms since 1970. */
  madeAt: z.number(),
  /** Whether what secrets are sealed with is in it. */
  secret: z.boolean(),
  entries: z.array(z.strictObject({ name: z.string(), bytes: z.number(), sha256: z.string() })),
});

export type BackupManifest = z.infer<typeof manifestSchema>;

export const SECRET_FILE = 'secret.key';
/** Folders whose files are in a backup. */
export const BACKUP_FOLDERS = ['screens', 'files'] as const;

/** Whether a backup may hold an entry of that name: nothing that leaves its folder. */
export function isEntryName(name: string): boolean {
  if (name === STORE_FILE || name === SECRET_FILE || name === MANIFEST) return true;
  const [folder, file, ...more] = name.split('/');
  if (more.length > 0 || file === undefined || !BACKUP_FOLDERS.some((each) => each === folder)) return false;
  return isBackedUp(file);
}

/** Hidden files are not: others put them there. */
export function isBackedUp(file: string): boolean {
  return file !== '' && !file.startsWith('.') && !/[\\/:\0]/.test(file);
}
