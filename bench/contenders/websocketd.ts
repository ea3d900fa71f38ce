import type { Contender } from '../contender.ts';
import { findProgram, versionSaid } from '../programs.ts';

/** websocketd, which starts a program for each client and gives it what that prints. */
export function websocketd(program: string): Contender {
  return {
    name: 'websocketd',
    missing: () =>
      findProgram('websocketd') === undefined
        ? 'it is not installed: npm run bench -- --install, or apt-get install websocketd'
        : undefined,
    version: () => versionSaid('websocketd', '--version'),
    command: ({ port }) => [
      findProgram('websocketd') as string,
      ...['--address=127.0.0.1', `--port=${port}`, '--loglevel=error', program],
    ],
    wire: {
      path: '/',
      // The program is the publisher.
      publisher: { port: 'clients', says: [] },
      publication: () => Buffer.alloc(0),
    },
  };
}
