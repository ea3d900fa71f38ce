import { resolve } from 'node:path';
import type { Log, SourceContext } from '@tidewall/contracts';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { DEFAULT_LIMITS } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import { PaceOfDemand } from './pace-of-demand.ts';

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** What a source named `probe` is given; it may reach this machine. Tests only. */
export function testContext(more: Partial<SourceContext> = {}): SourceContext {
  return {
    name: 'probe',
    baseDir: '.',
    clock: new FakeClock(1_700_000_000_000),
    log: silentLog,
    limits: DEFAULT_LIMITS,
    outgoing: createOutgoing({ allowed: parseAddressList([]), trusted: true }),
    pace: new PaceOfDemand(),
    params: {},
    heavyTurn: async () => () => {},
    resolveFile: (path) => resolve(more.baseDir ?? '.', path),
    ...more,
  };
}
