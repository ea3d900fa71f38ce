import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian's own Python: its packages install their modules for this one, whatever else is first on the path. */
export const PYTHON = '/usr/bin/python3';

/** Where Debian puts servers, which is on the path of root alone. */
const SERVERS = '/usr/sbin';

/** Where a program of that name is; undefined when it is not installed. A test that needs it is skipped then, by name. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean), SERVERS];
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

/** Whether Debian's Python can import a module. */
export function hasPythonModule(module: string): boolean {
  return isProgram(PYTHON) && spawnSync(PYTHON, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0;
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
