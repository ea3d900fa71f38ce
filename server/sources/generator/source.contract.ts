import type { SourceCase } from '../source-case.contract.ts';

const sourceCase: SourceCase = {
  prepare: async () => ({ config: { shape: 'shop', seed: 7 }, wrong: { everyMs: 1 } }),
};

export default sourceCase;
