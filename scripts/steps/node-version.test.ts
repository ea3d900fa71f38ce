import { describe, expect, it } from 'vitest';
import { judgeNode } from './node-version.mjs';

describe('the version of Node', () => {
  it.each(['18.20.0', '20.18.3', '21.7.0', '22.11.0', '8.0.0'])('%s is refused with what to do', (version) => {
    expect(judgeNode(version).refusal).toMatch(`this is Node ${version}. Install Node 24`);
  });
  it.each(['20.19.0', '20.20.2'])('%s works, with a hint that it is past its end of life', (version) => {
    expect(judgeNode(version)).toEqual({ hint: expect.stringContaining('Node 24 is recommended') });
  });
  it.each(['22.12.0', '24.0.0', '26.3.1'])('%s works without a word', (version) => {
    expect(judgeNode(version)).toEqual({});
  });
});
