import { runTidewall } from '@tidewall/testkit';
import { expect, test } from 'vitest';
import { SCENARIOS } from './scenarios/index.ts';

/* The built program, as its users start it. */

async function selftest(...args: string[]) {
  const process = runTidewall(['selftest', ...args]);
  process.endInput();
  const { code } = await process.ended;
  return { code, stdout: process.stdout, stderr: process.stderr, lines: process.stdout.trim().split('\n') };
}

const names = SCENARIOS.map(({ name }) => name);

test('the whole of it passes on this machine', { timeout: 180_000 }, async () => {
  const { code, stdout, stderr, lines } = await selftest('--seed', '20260727');
  expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
  expect(lines[0]).toMatch(/^tidewall \d+\.\d+\.\d+ selftest, seed 20260727, on Node /);
  expect(lines.slice(1, -1).map((line) => line.split(/ +/).slice(0, 2).join(' '))).toEqual(
    names.map((name) => `✓ ${name}`),
  );
  expect(lines.at(-1)).toMatch(/^10 of 10 hold, \d+\.\d s$/);
});

test('chosen scenarios are a JSON line each', { timeout: 60_000 }, async () => {
  const { code, lines } = await selftest('--json', '--only', 'log-gap', 'malformed-frames', '--seed', '7');
  expect(code).toBe(0);
  const [head, ...results] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(head).toMatchObject({ seed: 7, wires: ['websocket', 'sse', 'poll'] });
  expect(results).toEqual(
    ['log-gap', 'malformed-frames'].map((name) =>
      expect.objectContaining({ name, holds: true, checked: expect.stringMatching(/\d/), ms: expect.any(Number) }),
    ),
  );
});

test('scenarios are listed, each with its rule', async () => {
  const { code, lines } = await selftest('--list');
  expect(code).toBe(0);
  expect(lines.map((line) => line.split(' ')[0])).toEqual(names);
  for (const line of lines) expect(line).toMatch(/^\S+ +\S.{20,}$/);
});

test.each([
  [['--only', 'fan-uot'], /there is no scenario "fan-uot"; there are fan-out, /],
  [['--seed', 'x'], /it must be a whole number/],
  [['everything'], /too many arguments/],
])('%j is asked for wrongly: 2, and the reason', async (args, reason) => {
  const { code, stderr } = await selftest(...args);
  expect(stderr).toMatch(reason);
  expect(code).toBe(2);
});
