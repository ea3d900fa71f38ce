import { isBuiltin } from 'node:module';
import type { Fault } from './fault.ts';
import {
  type House,
  isClientEnd,
  isDevelopment,
  type Room,
  resolveRelative,
  roomAt,
  type SourceFile,
} from './house.ts';
import type { Import } from './imports-of.ts';

/** What is wrong with an import, and the cure. */
type Wrong = Pick<Fault, 'why' | 'cure'> | undefined;

/** Each import by itself: it names what it imports, stays in its room, or goes to a room and an entry that it may. */
export function importFaults(house: House): Fault[] {
  const faults: Fault[] = [];
  for (const file of house.files) {
    const room = roomAt(house, file.path);
    for (const each of file.imports) {
      const wrong = judge(house, file, room, each);
      if (wrong) faults.push({ path: file.path, line: each.line, what: describe(each), ...wrong });
    }
  }
  return faults;
}

/** `import "./x.ts"`, for a message. */
export function describe({ form, specifier }: Import): string {
  return specifier === undefined ? `computed ${form}` : `${form} "${specifier}"`;
}

/** The package that a bare specifier belongs to: `@scope/name` of `@scope/name/deep`. */
export function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function judge(house: House, { path }: SourceFile, room: Room | undefined, { specifier, form }: Import): Wrong {
  const development = isDevelopment(path);
  if (specifier === undefined) return development ? undefined : COMPUTED;
  if (specifier.startsWith('.')) return judgeRelative(path, room, specifier, development);
  if (/^[a-z]+:\/\/|^file:|^data:|^\/|^\\|^[A-Za-z]:\\|^#/.test(specifier))
    return form === 'glob' ? ESCAPING_GLOB : ADDRESS;
  if (form === 'glob') return undefined;
  if (isBuiltin(specifier)) return development ? undefined : judgeBuiltin(path, specifier);
  const target = house.rooms.find(({ name }) => name === packageOf(specifier));
  if (target === undefined) return specifier.startsWith('@tidewall/') ? unknownRoom(specifier) : undefined;
  return judgeRoom(house, room, target, specifier, development);
}

function judgeRelative(path: string, room: Room | undefined, specifier: string, development: boolean): Wrong {
  const target = resolveRelative(path, specifier);
  const home = room?.dir ?? path.split('/')[0];
  if (path.includes('/') && target !== home && !target.startsWith(`${home}/`)) {
    return { why: `leaves ${home}`, cure: 'Import the other room by its package name' };
  }
  if (!development && isDevelopment(target) && /\.[cm]?[jt]sx?$/.test(target)) {
    return { why: 'the product does not import its tests', cure: 'Move what both need into a file of its own' };
  }
  return undefined;
}

function judgeBuiltin(path: string, specifier: string): Wrong {
  if (/^(node:)?module$/.test(specifier)) {
    return { why: 'it can load anything unseen', cure: 'Import statically, or import() a literal' };
  }
  if (runsInNode(path)) return undefined;
  return {
    why: 'there is no Node where this file runs',
    cure: 'Take it as a parameter, or move it to server/ or apps/tidewall',
  };
}

/** `core/` and `browser/` run in a page as well, and so does the client's end of a wire. */
function runsInNode(path: string): boolean {
  if (path.startsWith('gateways/')) return !isClientEnd(path);
  return path.startsWith('server/') || path.startsWith('apps/tidewall/');
}

function judgeRoom(house: House, room: Room | undefined, target: Room, specifier: string, development: boolean): Wrong {
  if (room === target) {
    return { why: 'a room does not import itself by its package name', cure: 'Use a relative path' };
  }
  if (target.exports[`.${specifier.slice(target.name.length)}`] === undefined) {
    return {
      why: `${target.dir} has no such entry`,
      cure: `Use one of its exports (${Object.keys(target.exports).join(', ') || 'it has none'}), or export it there`,
    };
  }
  if (development) return undefined;
  if (isDevelopment(`${target.dir}/`)) {
    return {
      why: `${target.dir} is for tests and tools only`,
      cure: 'Move what the product needs into a room of the product',
    };
  }
  const allowed = house.ladder.get(room?.dir ?? '');
  if (allowed === undefined || allowed.has(target.dir)) return undefined;
  return {
    why: `${room?.dir} may not import ${target.dir}`,
    cure: `The ladder in ARCHITECTURE.md allows it ${[...allowed].join(', ') || 'nothing'}: pass in what it needs, or move the code`,
  };
}

function unknownRoom(specifier: string): Wrong {
  return { why: `no room is called ${packageOf(specifier)}`, cure: 'See the names in the package.json files' };
}

const COMPUTED: Wrong = {
  why: 'nobody can tell what it loads',
  cure: 'Name each module in an import() of its own, as in a table from name to loader',
};
const ADDRESS: Wrong = {
  why: 'code is imported from this room, from a package or from Node, not from an address or an alias',
  cure: 'Use a relative path or a package name',
};
const ESCAPING_GLOB: Wrong = { why: 'it reaches out of its room', cure: 'Use a relative pattern' };
