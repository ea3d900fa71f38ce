import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTidewall } from '@tidewall/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { configSchema } from '../config.ts';
import { loadConfig } from '../load-config.ts';
import { ConfigError } from '../startup-errors.ts';

/* A configuration that is right, with one thing wrong in each: made from the schema itself. */

const FILES = 200;
const PROCESSES = 8;

interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
}

interface Setting {
  readonly path: readonly string[];
  readonly schema: JsonSchema;
}

interface Mutation {
  readonly path: readonly string[];
  readonly value: unknown;
}

const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;

/** Settings that are one value, by their path; and the objects they are in. */
function settingsOf(one: JsonSchema, path: readonly string[] = []): Setting[] {
  const members = Object.entries(one.properties ?? {});
  const inside = members.flatMap(([name, member]) => settingsOf(member, [...path, name]));
  return [...(one.type === undefined ? [] : [{ path, schema: one }]), ...inside];
}

const settings = settingsOf(schema).filter(({ path }) => path.length > 0);

/** What no setting of that type may be. */
function wrongOf({ path, schema: { type, enum: allowed, minimum, maximum } }: Setting): fc.Arbitrary<Mutation> {
  const wrong: unknown[] = [{ deep: [] }].filter(() => type !== 'object');
  if (type === 'object') wrong.push('a text', 3, [1], true);
  if (type === 'integer' || type === 'number') wrong.push('many', 1.5e300, true, [1], ...outside(minimum, maximum));
  if (type === 'string') wrong.push(17, false, [], ...(allowed === undefined ? [] : ['none-of-them', '']));
  if (type === 'boolean') wrong.push('maybe', 2, []);
  if (type === 'array') wrong.push('one', 1, { a: 1 });
  return fc.constantFrom(...wrong).map((value) => ({ path, value }));
}

function outside(minimum: number | undefined, maximum: number | undefined): number[] {
  return [...(minimum === undefined ? [] : [minimum - 1]), ...(maximum === undefined ? [] : [maximum + 1])];
}

/** A name with a letter too many, in an object that says which it knows. */
const misspelt: fc.Arbitrary<Mutation> = fc
  .constantFrom(...settings.map(({ path }) => path))
  .map((path) => ({ path: [...path.slice(0, -1), `${path.at(-1)}x`], value: 1 }));

const mutation = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...settings).chain(wrongOf) },
  { weight: 1, arbitrary: misspelt },
);

function fileOf({ path, value }: Mutation): string {
  const file: Record<string, unknown> = { port: 0, demo: false, limits: { sessions: 10 } };
  let at = file;
  for (const name of path.slice(0, -1)) {
    const inner = { ...((at[name] as object | undefined) ?? {}) };
    at[name] = inner;
    at = inner as Record<string, unknown>;
  }
  at[path.at(-1) ?? ''] = value;
  return JSON.stringify(file);
}

/** What is allowed: a demand, the nearest name, or those that there are. */
const SAYS_WHAT = /must |did you mean|known are|is missing|is unknown/;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-mutated-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('[P5] a configuration with one thing wrong', () => {
  test('is right without it', async () => {
    const file = join(folder, 'tidewall.yaml');
    await writeFile(file, '{"port":0,"demo":false,"limits":{"sessions":10}}');
    await expect(loadConfig({ flags: {}, env: {}, folder })).resolves.toMatchObject({ config: { demo: false } });
    expect(settings.length).toBeGreaterThan(60);
  });

  test(`is refused by its file, its setting and what is allowed, ${FILES} times`, async () => {
    await fc.assert(
      fc.asyncProperty(mutation, async (wrong) => {
        await writeFile(join(folder, 'tidewall.yaml'), fileOf(wrong));
        const failure = await loadConfig({ flags: {}, env: {}, folder }).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(failure).toBeInstanceOf(ConfigError);
        const { message, exitCode } = failure as ConfigError;
        expect(exitCode).toBe(2);
        for (const line of message.split('\n')) {
          expect(line).toContain('tidewall.yaml');
          expect(line).toMatch(SAYS_WHAT);
        }
        expect(message).toContain(wrong.path.join('.'));
      }),
      { numRuns: FILES },
    );
  });

  test('ends the program with 2 and those words, and no stack', async () => {
    const wrongs = fc.sample(mutation, { numRuns: PROCESSES, seed: 6 });
    const ends = wrongs.map(async (wrong, i) => {
      const file = join(folder, `wrong-${i}.yaml`);
      await writeFile(file, fileOf(wrong));
      const running = runTidewall(['serve', '--config', file], { cwd: folder });
      const { code } = await running.ended;
      expect([fileOf(wrong), code]).toEqual([fileOf(wrong), 2]);
      expect(running.stderr).toContain(`wrong-${i}.yaml`);
      expect(running.stderr).toContain(wrong.path.join('.'));
      expect(running.stderr).toMatch(SAYS_WHAT);
      expect(running.stderr).not.toMatch(/\n\s+at /);
      expect(running.stdout).toBe('');
    });
    await Promise.all(ends);
  });
});
