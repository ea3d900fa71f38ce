import { describe, expect, it } from 'vitest';
import { createSay, seconds } from './say.mjs';

function listen(isTTY: boolean, env: Record<string, string>) {
  const said: string[] = [];
  const say = createSay({ write: (text) => said.push(text), isTTY }, env);
  say.problem('it broke');
  return said.join('');
}

describe('what the scripts say', () => {
  it('has colours on a terminal only, and never with NO_COLOR', () => {
    expect(listen(true, {})).toContain('\u001b[31m');
    expect(listen(false, {})).toBe('it broke\n');
    expect(listen(true, { NO_COLOR: '1' })).toBe('it broke\n');
  });

  it('is one line for each thing done, with its duration', () => {
    const said: string[] = [];
    const done = createSay({ write: (text) => said.push(text) }, {}).step('build', 'viewer');
    done();
    expect(said.join('')).toMatch(/^build {4}viewer … \d+\.\d s\n$/);
  });

  it.each([
    [0, '0.0 s'],
    [1234, '1.2 s'],
    [75_400, '75 s'],
  ])('%d ms is %s', (ms, text) => expect(seconds(ms)).toBe(text));
});
