import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package that others install. */
export interface InstalledPackage {
  readonly name: string;
  readonly description: string;
  /** The room that it is made of; its version is that of the package. */
  readonly room: string;
  /** What may be imported of it, by subpath, and the file that it is made of. */
  readonly entries: Readonly<Record<string, string>>;
  /** What its user has beside it. */
  readonly peers: Readonly<Record<string, string>>;
}

/** The files of a room by the subpaths under which the house imports them. */
function exportsOf(root: string, room: string): Record<string, string> {
  const { exports } = JSON.parse(readFileSync(join(root, room, 'package.json'), 'utf8')) as {
    exports: Record<string, string>;
  };
  return Object.fromEntries(Object.entries(exports).map(([subpath, file]) => [subpath, join(room, file)]));
}

/** What others install: the client with its ends of the wires, and what view frameworks bind to it. */
export function installedPackages(root: string): InstalledPackage[] {
  return [
    {
      name: '@tidewall/client',
      description: 'Live topics of a Tidewall server in a page or a program, with recovery to the last entry.',
      room: 'browser/client',
      entries: {
        ...exportsOf(root, 'browser/client'),
        './websocket': 'gateways/websocket/client.ts',
        './sse': 'gateways/sse/client.ts',
        './poll': 'gateways/poll/client.ts',
      },
      peers: {},
    },
    {
      name: '@tidewall/vue',
      description: 'Live topics of a Tidewall server as composables of Vue.',
      room: 'browser/vue',
      entries: exportsOf(root, 'browser/vue'),
      peers: { vue: '^3.4.0' },
    },
    {
      name: '@tidewall/react',
      description: 'Live topics of a Tidewall server as hooks of React.',
      room: 'browser/react',
      entries: exportsOf(root, 'browser/react'),
      peers: { react: '>=18.2.0' },
    },
  ];
}
