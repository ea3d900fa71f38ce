import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'data', 'coverage', 'output']);
const SOURCE_FILE = /\.[cm]?[jt]sx?$/;

/**
 * All files of the house whose path fits, by default those that hold code, as paths from the root with "/", in order;
 * nothing built or installed.
 */
export function sourceFiles(root: string, wanted = SOURCE_FILE): string[] {
  const files: string[] = [];
  const walk = (dir: string): void => {
    for (const entry of readdirSync(join(root, dir), { withFileTypes: true })) {
      const path = dir === '' ? entry.name : `${dir}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!SKIPPED_FOLDERS.has(entry.name) && !entry.name.startsWith('.')) walk(path);
      } else if (wanted.test(path)) files.push(path);
    }
  };
  walk('');
  return files.sort();
}
