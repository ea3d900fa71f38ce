import type { RunResult } from './load-client.ts';
import type { Figures } from './rows.ts';
import { column } from './table.ts';

/** What is told of a delivery, whatever the load. */
export const DELIVERY_COLUMNS = [
  column('cpuUs', 'CPU µs/delivery', 3),
  column('perSecond', 'deliveries/s'),
  column('p50Ms', 'p50 ms', 2),
  column('p99Ms', 'p99 ms', 2),
  column('core', 'of a core', 2),
  column('othersCores', "others' cores", 2),
  column('lost', 'lost'),
  column('doubled', 'doubled'),
];

/**
 * A measurement as figures.
 *
 * @throws Error when the server stopped delivering, or closed clients
 */
export function deliveryFigures(result: RunResult): Figures {
  const { deliveries, seconds, cpuNs } = result;
  if (result.closed > 0) throw new Error(`${result.closed} clients were closed`);
  if (result.stuck || deliveries === 0)
    throw new Error(`nothing came for ten seconds; ${result.lost} deliveries are missing`);
  return {
    cpuUs: cpuNs / 1e3 / deliveries,
    systemShare: result.systemShare,
    perSecond: deliveries / seconds,
    p50Ms: result.p50Us / 1e3,
    p99Ms: result.p99Us / 1e3,
    core: cpuNs / 1e9 / seconds,
    clientCore: result.clientCpuNs / 1e9 / seconds,
    bytes: result.wireBytes / deliveries,
    frames: result.frames / deliveries,
    residentKb: result.residentPeakKb,
    othersCores: result.othersCores,
    lost: result.lost,
    doubled: result.doubled,
  };
}
