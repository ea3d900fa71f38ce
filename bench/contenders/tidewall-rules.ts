import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender } from '../contender.ts';
import { tidewall } from './tidewall.ts';

/** Pairs that connects are signed with: one key takes half of the memory of nonces at most. */
export const SIGNING_KEYS = Array.from({ length: 8 }, (_, i) => ({
  id: `bench-key-${i}`,
  secret: `a-secret-that-only-benchmarks-have-${i}`,
}));

/** Others, that do not match: so many as a company has. */
const OTHER_RULES = Array.from({ length: 50 }, (_, i) => ({
  topics: `department-${i}/#`,
  roles: [`role-${i}`],
  may: ['read'],
}));

export interface RuledSettings {
  readonly name: string;
  /** What the rule says of what is read, beside the topics: a filter, fields. */
  readonly read?: Readonly<Record<string, unknown>>;
  /** Other settings of the file, as lines. */
  readonly config?: readonly string[];
  /** Keys of `SIGNING_KEYS` are made before anybody connects. */
  readonly keys?: boolean;
}

/** A server where rules decide, and everybody may follow and publish what the benchmarks are about. */
export function ruledTidewall({ name, read = {}, config = [], keys = false }: RuledSettings): Contender {
  const rules = [
    ...OTHER_RULES,
    { topics: 'bench/#', roles: ['anybody'], may: ['publish'] },
    { topics: 'bench/#', roles: ['anybody'], may: ['read'], ...read },
  ];
  const base = tidewall({ name, config: ['access: closed', `rules: ${JSON.stringify(rules)}`, ...config] });
  let folder = '';
  return {
    ...base,
    command(place) {
      folder = place.folder;
      return base.command(place);
    },
    async prepare({ port }) {
      if (!keys) return;
      const { token } = JSON.parse(readFileSync(join(folder, 'data/local.token'), 'utf8')) as { token: string };
      const headers = { authorization: `Bearer local:${token}` };
      for (const pair of SIGNING_KEYS) {
        const body = JSON.stringify(pair);
        const answer = await fetch(`http://127.0.0.1:${port}/api/keys`, { method: 'POST', body, headers });
        if (!answer.ok) throw new Error(`the key was refused: ${await answer.text()}`);
      }
    },
  };
}
