import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { sameText } from './same-text.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The only files that compare bytes in constant time by themselves: each stands for one kind of secret. */
const COMPARE = [
  'gateways/signed/signature.ts',
  'server/auth/same-text.ts',
  'server/host/users/password-hash.ts',
  'server/sources/kafka/scram.ts',
];

const SECRET = /^(?:secret|password|token|signature|sig|mac|hmac|digest|credential|cookie)s?$/i;
/** Two sides of an equation, as far as a name on each goes. */
const EQUATION = /([\w#.?[\]]+)\s*(?:===|!==|==|!=)\s*([\w#.?[\]]+)/g;
const NOTHING = ['undefined', 'null', 'true', 'false', 'typeof'];

/** Whether one of both is called a secret, as itself or as its text, and the other is no constant. */
const lastName = (side: string) => side.match(/(\w+?)(?:\[\w+\])?(?:\.text)?$/)?.[1] ?? '';

/** Equations of something that is called a secret with something that is not a constant. */
function comparedIn(text: string): string[] {
  return (
    [...text.matchAll(EQUATION)]
      .filter(([, a = '', b = '']) => SECRET.test(lastName(a)) || SECRET.test(lastName(b)))
      .filter(([, a = '', b = '']) => ![a, b].some((side) => NOTHING.includes(side) || /^\d/.test(side)))
      // A list of them that is the same list.
      .filter(([, a = '', b = '']) => !(a === 'secrets' && b.startsWith('this.')))
      .map(([equation]) => equation)
  );
}

const files = ['server', 'gateways'].flatMap((folder) =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.ts$/.test(path) && !/\.(test|contract|browser)\.ts$/.test(path))
    .filter((path) => !path.includes('node_modules') && !path.includes('dist/'))
    .map((path) => `${folder}/${path}`),
);
const textOf = (path: string) => readFileSync(`${root}${path}`, 'utf8');

describe('[A2] secrets', () => {
  test('are compared in constant time, in the places that there are for it', () => {
    expect(files.length).toBeGreaterThan(300);
    expect(files.filter((path) => textOf(path).includes('timingSafeEqual')).sort()).toEqual(COMPARE);
  });

  test('are nowhere compared letter by letter', () => {
    expect(files.flatMap((path) => comparedIn(textOf(path)).map((what) => `${path}: ${what}`))).toEqual([]);
  });

  test.each(['given.secret === key.secret', 'token !== this.#token', 'a.sig == wanted', 'kept[0].password === shown'])(
    '%s would be found',
    (text) => expect(comparedIn(`if (${text}) return;`)).toHaveLength(1),
  );

  test.each([
    ['a', 'a', true],
    ['', '', true],
    ['a', 'b', false],
    ['a', 'aa', false],
    ['a'.repeat(100), 'a', false],
    ['数', '数', true],
    ['e\u0301', '\u00e9', false],
    ['a\0b', 'a\0c', false],
  ])('%j and %j are the same: %s', (one, other, same) => {
    expect(sameText(one, other)).toBe(same);
    expect(sameText(other, one)).toBe(same);
  });
});
