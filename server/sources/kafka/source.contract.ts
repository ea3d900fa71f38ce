import { spawn } from 'node:child_process';
import type { SourceCase } from '../source-case.contract.ts';
import { startKafka } from './kafka-mock.contract.ts';

const sourceCase: SourceCase = {
  needs: 'kcat',
  async prepare() {
    const kafka = await startKafka();
    // From there on all that is written is news.
    await kafka.produce('orders', ['{"n":0}']);
    const producer = spawn('kcat', ['-P', '-q', '-b', kafka.broker, '-t', 'orders', '-X', 'linger.ms=1'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    producer.stdin.on('error', () => {});
    let n = 0;
    const timer = setInterval(() => producer.stdin.write(`{"n":${n++}}\n`), 2);
    return {
      config: { brokers: [kafka.broker], topics: { 'shop/orders': 'orders' }, from: 'earliest' },
      wrong: { brokers: [] },
      kill: () => kafka.kill(),
      close: async () => {
        clearInterval(timer);
        producer.kill('SIGKILL');
        await kafka.close();
      },
    };
  },
};

export default sourceCase;
