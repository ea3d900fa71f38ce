// npm run check -- layers: holds the sources to the "Layers" of ARCHITECTURE.md.
import { fileURLToPath } from 'node:url';
import { faultLine } from './layers/fault.ts';
import { findFaults } from './layers/find-faults.ts';
import { readHouse } from './layers/house.ts';

const faults = findFaults(readHouse(fileURLToPath(new URL('..', import.meta.url))));
for (const fault of faults) console.error(faultLine(fault));
process.exitCode = faults.length === 0 ? 0 : 1;
