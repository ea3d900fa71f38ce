import type { SourceCase } from '../source-case.contract.ts';
import { BACKEND_KEY, startTcvBackend } from './tcv-backend.contract.ts';

const sourceCase: SourceCase = {
  async prepare() {
    const backend = await startTcvBackend();
    let n = 0;
    const timer = setInterval(() => backend.tell('UpdateGlobalField', { n: n++ }), 2);
    const stop = () => {
      clearInterval(timer);
      return backend.close();
    };
    return {
      config: { url: backend.url, ...BACKEND_KEY, screen: 'hall' },
      wrong: { screen: 'No Screen' },
      kill: stop,
      close: stop,
    };
  },
};

export default sourceCase;
