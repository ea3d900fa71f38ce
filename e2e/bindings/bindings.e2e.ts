import { describe } from 'vitest';
import { bindingsContract } from './contract.ts';

describe('@tidewall/vue', () => {
  bindingsContract({ root: new URL('./vue/', import.meta.url).pathname, include: ['vue'] });
});

describe('@tidewall/react', () => {
  bindingsContract({ root: new URL('./react/', import.meta.url).pathname, include: ['react', 'react-dom/client'] });
});
