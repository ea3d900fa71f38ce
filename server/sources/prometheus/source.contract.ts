import type { SourceCase } from '../source-case.contract.ts';
import { startPrometheus } from './prometheus-server.contract.ts';

const sourceCase: SourceCase = {
  needs: 'prometheus',
  async prepare() {
    const server = await startPrometheus();
    return {
      config: {
        url: server.url,
        query: 'time()',
        topicKind: 'series',
        ...{ intervalMs: 100, minIntervalMs: 100, timeoutMs: 600_000 },
      },
      wrong: { query: '' },
      kill: () => server.kill(),
      close: () => server.close(),
    };
  },
};

export default sourceCase;
