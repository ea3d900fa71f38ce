import { cycleFaults } from './cycles.ts';
import { declarationFaults } from './declarations.ts';
import type { Fault } from './fault.ts';
import type { House } from './house.ts';
import { importFaults } from './import-faults.ts';
import { machineFaults } from './machines.ts';
import { roomFaults } from './room-faults.ts';

/** All places where the house is not as the "Layers" of ARCHITECTURE.md say, in order of their files. */
export function findFaults(house: House): Fault[] {
  return [
    ...roomFaults(house),
    ...importFaults(house),
    ...declarationFaults(house),
    ...machineFaults(house),
    ...cycleFaults(house),
  ].sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1));
}
