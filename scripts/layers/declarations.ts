import { isBuiltin } from 'node:module';
import type { Fault } from './fault.ts';
import { type House, isDevelopment, type Room, roomAt } from './house.ts';
import { describe, packageOf } from './import-faults.ts';

/**
 * A room declares in its `package.json` exactly the packages that its product files import, and the whole house uses
 * one exact version of each: what is bundled from several rooms must be the same package.
 */
export function declarationFaults(house: House): Fault[] {
  return [...house.rooms.flatMap((room) => [...undeclared(house, room), ...unused(house, room)]), ...versions(house)];
}

function undeclared(house: House, room: Room): Fault[] {
  return productImports(house, room)
    .filter(({ name }) => room.dependencies[name] === undefined && name !== room.name)
    .filter(({ name }) => !isUnknownRoom(house, name))
    .map(({ path, each, name }) => ({
      path,
      line: each.line,
      what: describe(each),
      why: `${room.dir} does not declare ${name}`,
      cure: `Add it to the dependencies in ${room.dir}/package.json`,
    }));
}

function unused(house: House, room: Room): Fault[] {
  const used = new Set(productImports(house, room).map(({ name }) => name));
  return Object.keys(room.dependencies)
    .filter((name) => !used.has(name))
    .map((name) => ({
      path: `${room.dir}/package.json`,
      line: lineOf(room, name),
      what: `dependency "${name}"`,
      why: 'no file of the product in this room imports it',
      cure: 'Remove it (what only tests use is declared at the root)',
    }));
}

function versions(house: House): Fault[] {
  const faults: Fault[] = [];
  const first = new Map<string, { readonly version: string; readonly dir: string }>();
  for (const room of house.rooms) {
    for (const [name, version] of Object.entries(room.dependencies)) {
      const own = house.rooms.some((other) => other.name === name);
      const before = first.get(name) ?? { version, dir: room.dir };
      first.set(name, before);
      const why = own
        ? version !== '*' && 'a room is asked for as "*"'
        : !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)
          ? 'a version is pinned exactly'
          : before.version !== version && `${before.dir} uses ${before.version}`;
      if (!why) continue;
      faults.push({
        path: `${room.dir}/package.json`,
        line: lineOf(room, name),
        what: `dependency "${name}": "${version}"`,
        why,
        cure: own ? 'Write "*"' : 'Use one exact version in all rooms',
      });
    }
  }
  return faults;
}

/** The imports of packages by files that run in the product; in testkit, which is no part of it, by all but tests. */
function productImports(house: House, room: Room) {
  const tool = isDevelopment(`${room.dir}/`);
  return house.files
    .filter(({ path }) => roomAt(house, path) === room)
    .filter(({ path }) => !isDevelopment(tool ? `room/${path.slice(room.dir.length + 1)}` : path))
    .flatMap(({ path, imports }) =>
      imports.flatMap((each) => {
        const { specifier, form } = each;
        if (specifier === undefined || form === 'glob' || !/^[@a-z]/i.test(specifier) || /^[a-z]+:/.test(specifier))
          return [];
        return isBuiltin(specifier) ? [] : [{ path, each, name: packageOf(specifier) }];
      }),
    );
}

/** Where a dependency stands in the room's `package.json`. */
function lineOf({ manifest }: Room, dependency: string): number {
  return manifest.slice(0, manifest.indexOf(`"${dependency}":`)).split('\n').length;
}

/** Told of elsewhere, with a better cure. */
function isUnknownRoom(house: House, name: string): boolean {
  return name.startsWith('@tidewall/') && !house.rooms.some((room) => room.name === name);
}
