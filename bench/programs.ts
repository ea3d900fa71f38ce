import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a program is; servers of Debian are in folders that not everybody's PATH names. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'].filter(Boolean);
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The line in which a program says its version. */
export function versionSaid(name: string, flag: string): string {
  const { stdout, stderr } = spawnSync(findProgram(name) ?? name, [flag], { encoding: 'utf8' });
  const line = `${stdout}${stderr}`.split('\n').find((each) => /\d+\.\d+/.test(each));
  return line?.trim() ?? name;
}
