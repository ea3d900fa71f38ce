import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CLOSE_CODES, ERROR_CODES, ERROR_MEANINGS, ERROR_STATUS, type ErrorName } from './codes.ts';
import { FRESHNESS_STATES } from './freshness.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { KINDS, OPERATIONS_OF_KIND } from './topic.ts';
import { SUBPROTOCOL } from './version.ts';

const spec = readFileSync(new URL('SPEC.md', import.meta.url), 'utf8');

/** The rows of the table below a heading or a rule, as their cells. */
function tableAfter(place: string): string[][] {
  const [, after = ''] = spec.split(place);
  const lines = after.split('\n');
  const start = lines.findIndex((line) => /^\|\s*-/.test(line)) + 1;
  const rows = lines.slice(start, lines.indexOf('', start));
  return rows.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

describe('SPEC.md says what the code says', () => {
  test('close codes', () => {
    const rows = Object.entries(CLOSE_CODES).map(([name, { code, status, meaning }]) => [
      `${code}`,
      `\`${name}\``,
      `${status}`,
      meaning,
    ]);
    expect(tableAfter('### Close codes')).toEqual(rows);
  });

  test('error codes', () => {
    const rows = Object.entries(ERROR_CODES).map(([name, { code, retryable }]) => [
      `${code}`,
      `\`${name}\``,
      `${ERROR_STATUS[name as ErrorName]}`,
      retryable ? 'yes' : 'no',
      ERROR_MEANINGS[name as ErrorName],
    ]);
    expect(tableAfter('### Error codes')).toEqual(rows);
  });

  test('[W31] limits', () => {
    expect(tableAfter('**W31**')).toEqual(
      Object.entries(DEFAULT_LIMITS).map(([name, value]) => [`\`${name}\``, `${value}`]),
    );
  });

  test('operations, states of freshness and the subprotocol', () => {
    const words = spec.replace(/\s+/g, ' ');
    for (const kind of KINDS) {
      const operations = OPERATIONS_OF_KIND[kind].map((operation) => `\`${operation}\``).join(', ');
      expect(words).toMatch(new RegExp(`\`${kind}\`( has)? ${operations}`));
    }
    expect(words).toContain(FRESHNESS_STATES.map((state) => `\`${state}\``).join(', '));
    expect(words).toContain(`\`${SUBPROTOCOL}\``);
  });

  test('rules are numbered without a hole, though a later one may stand where it belongs', () => {
    const numbers = [...spec.matchAll(/^- \*\*W(\d+)\*\*/gm)].map((match) => Number(match[1])).sort((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });
});
