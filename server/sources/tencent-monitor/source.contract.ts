import { TestServers } from '@tidewall/testkit';
import type { SourceCase } from '../source-case.contract.ts';
import { KEY, startMonitor } from './monitor-server.contract.ts';

const sourceCase: SourceCase = {
  async prepare() {
    const servers = new TestServers();
    const server = await startMonitor(servers);
    let n = 0;
    // The clock of the suite goes much faster than any server's: no time is wrong.
    server.now = Number.NaN;
    server.value = (t) => t / 1000 + n++;
    return {
      config: {
        ...KEY,
        endpoint: `http://127.0.0.1:${server.port}`,
        ...{ namespace: 'QCE/CVM', metric: 'CPUUsage', instances: [{ InstanceId: 'ins-1' }] },
        ...{ intervalMs: 100, minIntervalMs: 100, timeoutMs: 600_000, rangeMs: 600_000 },
      },
      wrong: { region: 'AP Guangzhou' },
      kill: () => server.kill(),
      close: () => servers.close(),
    };
  },
};

export default sourceCase;
