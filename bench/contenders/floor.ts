import type { Contender } from '../contender.ts';
import { compileNative } from '../native/compile.ts';
import { TOPIC, textFrame, upgrade } from '../wire.ts';

/** The cheapest server that there could be: `native/floor.c`. */
export function floor(mode: 'send' | 'joined' | 'topics', windowMs = 0): Contender {
  const modes = { send: 'C floor', joined: 'C floor, joined', topics: 'C floor, joined by client' };
  return {
    name: windowMs === 0 ? modes[mode] : `${modes[mode]}, ${windowMs} ms`,
    missing: () => (compileNative('floor') === undefined ? 'no C compiler was found: install gcc' : undefined),
    version: () => 'bench/native/floor.c',
    command: ({ port }) => [compileNative('floor') as string, String(port), mode, String(windowMs)],
    wire: {
      path: '/',
      subscribe: textFrame(`+${TOPIC}`),
      publisher: { port: 'clients', says: [upgrade('/')] },
      publication: (payload) => textFrame(TOPIC + payload),
    },
  };
}
