import type { Fault } from './fault.ts';
import { type House, isDevelopment, roomAt } from './house.ts';

/** Every room has a line in the ladder and every line a room; every file of the product stands in a room. */
export function roomFaults(house: House): Fault[] {
  const faults: Fault[] = [];
  for (const { dir } of house.rooms) {
    if (house.ladder.has(dir) || isDevelopment(`${dir}/package.json`)) continue;
    faults.push({
      path: `${dir}/package.json`,
      line: 1,
      what: dir,
      why: 'is a room that the ladder does not know',
      cure: 'Give it a line in the layers block of ARCHITECTURE.md, or put its files in a room that has one',
    });
  }
  for (const dir of house.ladder.keys()) {
    if (house.rooms.some((room) => room.dir === dir)) continue;
    faults.push({
      path: 'ARCHITECTURE.md',
      line: 1,
      what: dir,
      why: 'has a line in the layers block but no package.json',
      cure: 'Remove the line, or make the room',
    });
  }
  for (const { path } of house.files) {
    if (isDevelopment(path) || roomAt(house, path) !== undefined) continue;
    faults.push({
      path,
      line: 1,
      what: path,
      why: 'stands in no room',
      cure: 'Move it into a workspace, or give its folder a package.json',
    });
  }
  return faults;
}
