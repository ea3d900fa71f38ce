import type { JsonValue } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CEL_LIMITS } from '../limits.ts';
import { Work } from '../work.ts';
import { compileCel } from './compile-cel.ts';

const cel = (text: string, row: JsonValue = {}): JsonValue => compileCel(text)(row, new Work());

function refusal(text: string, row?: JsonValue): string {
  try {
    const program = compileCel(text);
    if (row !== undefined) program(row, new Work());
  } catch (error) {
    if (error instanceof TidewallError) return `${error.kind} ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('numbers', () => {
  test.each([
    ['value * 1.1', 3.3000000000000003],
    ['value * 2', 6],
    ['2 * value', 6],
    ['value / 2', 1.5],
    ['7 / 2', 3.5],
    ['7 % 4', 3],
    ['-7 % 4', -3],
    ['value + 1 == 4.0', true],
    ['value > 2 && value <= 3', true],
    ['1 == 1.0', true],
    ['[1, 2.0, 3][int(1.9)]', 2],
    ['tags[0]', 'a'],
    ['size(tags) * 1.5', 3],
    ['0x10 + 1', 17],
    ['1e3', 1000],
    ['9007199254740993 - 1', 9007199254740991],
    ['value in [1, 2, 3]', true],
    ['2.5 in [1, 2.5]', true],
    ['string(value) + "%"', '3%'],
    ['string(0.1 + 0.2)', '0.30000000000000004'],
    ['double("1.5") + int("7")', 8.5],
    ['int(-2.7)', -2],
    ['double("n/a")', null],
    ['double("0x10")', null],
    ['math.round(2.5) + math.round(-2.5)', 0],
    ['math.greatest(1, value, 2.5)', 3],
    ['math.least(4, value)', 3],
    ['math.sqrt(16) + math.abs(-1) + math.floor(1.9) + math.ceil(1.1)', 8],
  ])('[T20] %s', (text, made) => {
    expect(cel(text, { value: 3, tags: ['a', 'b'] })).toBe(made);
  });

  test('[T3] what no JSON can say is null', () => {
    for (const text of ['1 / 0', '0 / 0', '1e308 * 10', 'math.sqrt(-1)', '1 % 0']) expect(cel(text)).toBeNull();
  });

  test('[T20] arithmetic is that of doubles, whatever is written', () => {
    const number = fc.double({ noNaN: true, min: -1e6, max: 1e6 });
    fc.assert(
      fc.property(fc.oneof(fc.integer(), number), fc.oneof(fc.integer(), number), (a, b) => {
        const finite = (value: number) => (Number.isFinite(value) ? value : null);
        expect(cel('[a + b, a - b, a * b, a / b, a % b]', { a, b })).toEqual(
          [a + b, a - b, a * b, a / b, a % b].map(finite),
        );
        expect(cel('[a < b, a <= b, a > b, a >= b, a == b, a != b]', { a, b })).toEqual([
          a < b,
          a <= b,
          a > b,
          a >= b,
          a === b,
          a !== b,
        ]);
      }),
    );
  });
});

describe('null', () => {
  test.each([
    ['gone', null],
    ['cpu.gone.deeper', null],
    ['gone * 2', null],
    ['2 - gone', null],
    ['-gone', null],
    ['gone + "a"', null],
    ['gone == null', true],
    ['gone != 3', true],
    ['gone > 3 || gone <= 3', false],
    ['gone && true', false],
    ['!gone', true],
    ['gone ? 1 : 2', 2],
    ['size(gone)', null],
    ['gone.contains("a")', null],
    ['gone.map(x, x)', []],
    ['3 in gone', false],
    ['tags[9]', null],
    ['tags[-1]', null],
    ['tags[0.5]', null],
    ['cpu["total"]', 2],
    ['has(cpu.total)', true],
    ['has(cpu.gone)', false],
    ['has(nothing)', true],
    ['has(gone)', false],
    ['has(row["a b"])', true],
  ])('[T21] %s', (text, made) => {
    expect(cel(text, { cpu: { total: 2 }, tags: ['a'], nothing: null, 'a b': 1 })).toEqual(made);
  });

  test('[T21] what is of two kinds is neither less nor greater, and not equal', () => {
    expect(cel('["3" == 3, "3" < 4, 4 < "3", true == 1, [1] == [1.0], {"a": [1]} == row]', { a: [1] })).toEqual([
      false,
      false,
      false,
      false,
      true,
      true,
    ]);
  });
});

describe('texts, lists and times', () => {
  test.each([
    ['name + "!"', 'pump 1!'],
    ['name.size()', 6],
    ['name.contains("p 1") && name.startsWith("pump") && name.endsWith("1")', true],
    ['name.upperAscii().lowerAscii()', 'pump 1'],
    ['name.substring(5)', '1'],
    ['name.substring(0, 4)', 'pump'],
    ['name.indexOf("1")', 5],
    ['"  a ".trim()', 'a'],
    ['"a,b".split(",").join("-")', 'a-b'],
    ['"aba".replace("a", "xy")', 'xybxy'],
    ['xs.map(x, x * 2)', [2, 4, 6]],
    ['xs.map(x, x > 1, x * 2)', [4, 6]],
    ['xs.filter(x, x > 1).map(y, y + 0.5)', [2.5, 3.5]],
    ['xs.all(x, x > 0) && xs.exists(x, x == 3) && xs.exists_one(x, x == 3)', true],
    ['[1] + [2]', [1, 2]],
    ['{"a": 1, "b": name}', { a: 1, b: 'pump 1' }],
    ['{"k": 1, "l": 2}.map(k, k)', ['k', 'l']],
    ['"k" in {"k": 1}', true],
    ['row.name', 'pump 1'],
    ['timestamp("2024-02-29T12:00:00.5+08:00")', 1709179200500],
    ['timestamp("2024-02-29")', 1709164800000],
    ['timestamp("2023-02-29")', null],
    ['timestamp("yesterday")', null],
    ['timestamp(5)', 5],
    ['timestamp("2024-02-29T23:30:00Z").getHours("+08:00")', 7],
    ['timestamp("2024-02-29T23:30:00Z").getDate()', 29],
    ['timestamp("2024-02-29T23:30:00Z").getMonth()', 1],
    ['timestamp("2024-02-29T23:30:00Z").getDayOfWeek()', 4],
  ])('%s', (text, made) => {
    expect(cel(text, { name: 'pump 1', xs: [1, 2, 3] })).toEqual(made);
  });

  test('a member called __proto__ is only a member', () => {
    expect(JSON.stringify(cel('{"__proto__": 1}'))).toBe('{"__proto__":1}');
    expect(cel('row.constructor', {})).toBeNull();
    expect(cel('row["__proto__"]', {})).toBeNull();
    expect(cel('has(row.toString) || "valueOf" in row', {})).toBe(false);
  });

  test.each([
    ['1 + "a"', '+ takes two numbers, two texts or two lists, got 1 and "a"; see string()'],
    ['"a" * 2', '* takes numbers, got "a" and 2; see double()'],
    ['1 && true', '&& takes true or false, got 1'],
    ['"a" ? 1 : 2', '? takes true or false, got "a"'],
    ['size(1)', 'size takes a text, a list or a map, got 1'],
    ['"a".contains(1)', '.contains takes a text, got 1'],
    ['5.0.map(x, x)', 'map takes a list or a map, got 5'],
    ['[1].join(",")', 'join takes a list of texts, got 1 in it'],
    ['timestamp(0).getHours("Asia/Shanghai")', 'a time zone is written "+08:00" or "UTC", got "Asia/Shanghai"'],
    ['string([])', 'string takes a number, a text, true or false, got a list'],
  ])('%s fails with a sentence', (text, why) => {
    expect(refusal(text, {})).toBe(`shape_mismatch ${why}`);
  });
});

describe('what is refused at the tree', () => {
  test.each([
    ['1 +', 'is no CEL: Unexpected token: EOF (at letter 3)'],
    ['name.matches("a+")', 'regular expressions are not taken; use contains, startsWith or endsWith (at letter 0)'],
    ['cel.bind(x, 1, x)', 'calculate a field in a step of its own instead'],
    ['xs.map(x, x.map(y, y))', 'map stands inside of another'],
    ['xs.map(x, xs.filter(y, y > x).size())', 'filter stands inside of another'],
    ['xs.map(x + 1, x)', 'invalid macro iteration variable|map\\(var, transform\\) invalid'],
    ['eval("1")', 'there is no function eval: there are size string double int bool timestamp'],
    ['constructor("1")', 'there is no function constructor'],
    ['"a".constructor("1")', 'there is no function .constructor'],
    ['math.random()', 'there is no function math.random: there are math.abs'],
    ['math.toString()', 'there is no function math.toString'],
    ['size()', 'size takes 1 arguments, got 0'],
    ['"a".substring()', '.substring takes 1 to 2 arguments, got 0'],
    ['b"abc"', 'b"abc" is of no kind that JSON has (at letter 0)'],
    ['1u', '1u is of no kind that JSON has'],
    ['{1: 2}', 'a key of a map is a text'],
    ['has(1)', 'has takes a field: has(cpu.total)'],
    ['[x', 'is no CEL'],
  ])('[T19] %s', (text, why) => {
    const pattern = why.includes('|') ? why : why.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
    expect(refusal(text)).toMatch(new RegExp(`^bad_request .*(${pattern})`));
  });

  test('[T19] at most 4,096 letters and 500 parts', () => {
    expect(refusal(`"${'a'.repeat(CEL_LIMITS.textLength)}"`)).toBe('bad_request has 4098 letters, at most 4096');
    expect(refusal(Array.from({ length: 250 }, () => 'a').join('+'))).toBe('none');
    expect(refusal(Array.from({ length: 251 }, () => 'a').join('+'))).toMatch(/Exceeded maxAstNodes|has 501 parts/);
  });

  test('[T19] nesting without end is refused, however it is written', () => {
    for (const text of [
      '('.repeat(4000),
      '['.repeat(4000),
      `${'!'.repeat(4090)}a`,
      `${'-'.repeat(4090)}a`,
      `a${'.a'.repeat(2000)}`,
    ]) {
      expect(refusal(text)).toMatch(/^bad_request/);
    }
  });

  test('[T22] no text is anything but a program or a refusal', () => {
    const word = fc.constantFrom(
      'a',
      '1',
      '"x"',
      '+',
      '-',
      '.',
      '(',
      ')',
      '[',
      ']',
      'map',
      'x',
      ',',
      '?',
      ':',
      '&&',
      'in',
      '!',
      '{',
      '}',
      'has',
      '==',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word, { maxLength: 20 }).map((words) => words.join('')),
        ),
        (text) => {
          expect(refusal(text, { a: [1, 'x'], x: null })).toMatch(/^(none|bad_request|shape_mismatch|limit_exceeded)/);
        },
      ),
    );
  });
});

describe('bombs', () => {
  const long = 'x'.repeat(60_000);
  const list = Array.from({ length: 9_000 }, (_, at) => at);
  const row = { text: long, xs: list, copy: [...list], one: [1] };
  const many = (part: string) => Array.from({ length: 40 }, () => part).join(' && ');

  test.each([
    ['text + text', 'makes a text of 120000 letters, at most 65536'],
    ['xs.map(x, text).join("")', 'makes a text of 540000000 letters'],
    ['text.replace("x", text)', 'goes over 60001 items'],
    ['text.split("")', 'goes over 60000 items'],
    ['xs + xs', 'goes over 18000 items, at most 10000'],
    ['[xs, xs].map(x, xs + x)', 'goes over 18000 items'],
    [`xs.all(x, ${many('x in xs')})`, 'more than 10000000 looks'],
    [`xs.all(x, ${many('[xs] == [copy]')})`, 'more than 10000000 looks'],
    [`xs.map(x, text + "${'y'.repeat(4000)}")`, 'more than 10000000 looks'],
    ['xs.map(x, xs).map(x, x + one)', 'more than 10000000 looks'],
    ['text.contains("y" + text.substring(30000))', 'more than 10000000 looks'],
    ['text.indexOf(text.substring(30000) + "y")', 'more than 10000000 looks'],
    ['text.split("y" + text.substring(30000))', 'more than 10000000 looks'],
  ])('[T22] %s', (text, why) => {
    const begun = performance.now();
    expect(refusal(text, row)).toContain(why);
    expect(performance.now() - begun).toBeLessThan(1700);
  });
});
