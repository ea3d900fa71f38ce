import { readSecret } from '../read-secret.ts';
import { type ApiRequest, askForJson, parseServerUrl } from '../server-api.ts';

export interface UserOptions {
  readonly url: string;
  readonly json?: boolean;
}

export interface UserRolesOptions extends UserOptions {
  readonly role?: readonly string[];
}

interface UserRow {
  readonly name: string;
  readonly roles: readonly string[];
  readonly createdAt: number;
  readonly disabled: boolean;
  readonly sessions: number;
}

export async function listUsers(options: UserOptions): Promise<void> {
  const { users } = (await ask(options, 'api/users')) as { users: readonly UserRow[] };
  if (options.json) process.stdout.write(users.map((user) => `${JSON.stringify(user)}\n`).join(''));
  else if (users.length === 0) process.stderr.write('there are no users yet; make one with "tidewall users add"\n');
  else process.stdout.write(userTable(users));
}

/** Makes a user. From the first one on rules decide who may do what, which is said. */
export async function addUser(name: string, { role = [], ...options }: UserRolesOptions): Promise<void> {
  const password = await readSecret('password');
  await ask(options, 'api/users', { body: JSON.stringify({ name, password, roles: role }) });
  const may = role.length === 0 ? 'may do nothing yet: see "tidewall users roles"' : `is ${role.join(', ')}`;
  process.stderr.write(`the user ${name} ${may}\n`);
}

export async function setUserPassword(name: string, options: UserOptions): Promise<void> {
  const password = await readSecret('password');
  await ask(options, `${userPath(name)}/password`, { method: 'PUT', body: JSON.stringify({ password }) });
  process.stderr.write(`the user ${name} has a new password, and is signed out everywhere\n`);
}

export async function setUser(
  name: string,
  change: { readonly roles?: readonly string[]; readonly disabled?: boolean },
  options: UserOptions,
): Promise<void> {
  await ask(options, userPath(name), { method: 'PATCH', body: JSON.stringify(change) });
  const { roles, disabled } = change;
  const now = roles === undefined ? (disabled ? 'disabled' : 'enabled') : roles.join(', ');
  process.stderr.write(`the user ${name} is ${now}\n`);
}

export async function deleteUser(name: string, options: UserOptions): Promise<void> {
  await ask(options, userPath(name), { method: 'DELETE' });
  process.stderr.write(`the user ${name} is gone\n`);
}

/** Prints the link by which the first admin is made; the one before it is good no more. */
export async function printSetupLink(options: UserOptions): Promise<void> {
  const { token } = (await ask(options, 'api/setup-link', { body: '' })) as { token: string | null };
  if (token === null) process.stderr.write('there is an admin already; see "tidewall users list"\n');
  else process.stdout.write(`${new URL('/setup', parseServerUrl(options.url)).href}#${token}\n`);
}

function ask({ url }: UserOptions, path: string, request?: ApiRequest): Promise<unknown> {
  return askForJson(parseServerUrl(url), path, request);
}

function userPath(name: string): string {
  return `api/users/${encodeURIComponent(name)}`;
}

function userTable(users: readonly UserRow[]): string {
  const rows = users.map(({ name, roles, createdAt, disabled, sessions }) => [
    ...[name, new Date(createdAt).toISOString().slice(0, 10), disabled ? 'disabled' : 'enabled'],
    ...[String(sessions), roles.join(', ') || 'no role'],
  ]);
  const all = [['NAME', 'MADE', 'STATE', 'SIGNED IN', 'ROLES'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ');
  return all.map((row) => `${line(row).trimEnd()}\n`).join('');
}
