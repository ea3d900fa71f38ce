import type { JsonObject } from '@tidewall/base';
import { askForJson, parseServerUrl } from '../server-api.ts';
import { harmless } from '../terminal-text.ts';

export interface CanOptions {
  readonly url: string;
  readonly thing: string;
  readonly json?: boolean;
}

interface Decision {
  readonly allowed: boolean;
  readonly who: { readonly id: string; readonly roles: readonly string[] };
  readonly because: readonly JsonObject[];
  readonly filter?: unknown;
  readonly fields?: readonly string[];
}

/** The exit code of a "no", so that a script can ask. */
const DENIED = 3;

/** Tells whether somebody may do something, and by which rules. Exits with 3 when it is denied. */
export async function can(who: string, action: string, name: string, options: CanOptions): Promise<void> {
  const base = parseServerUrl(options.url);
  const query = new URLSearchParams({ who, action, name, thing: options.thing });
  const decision = (await askForJson(base, `api/decision?${query}`)) as Decision;
  process.stdout.write(options.json ? `${JSON.stringify(decision)}\n` : sentences(decision, `${action} ${name}`));
  if (!decision.allowed) process.exitCode = DENIED;
}

function sentences({ allowed, who, because, filter, fields }: Decision, what: string): string {
  const roles = who.roles.length === 0 ? 'no role' : who.roles.join(', ');
  const lines = [`${allowed ? 'yes' : 'no'}   ${who.id} (${roles}) ${allowed ? 'may' : 'may not'} ${what}`];
  for (const rule of because) lines.push(`     by ${JSON.stringify(rule)}`);
  if (!allowed) lines.push('     no rule allows it');
  else if (because.length === 0) lines.push('     an admin may do everything');
  if (filter !== undefined) lines.push(`     and sees what passes ${JSON.stringify(filter)}`);
  if (fields !== undefined) lines.push(`     and of it ${fields.join(', ')}`);
  return `${lines.map(harmless).join('\n')}\n`;
}
