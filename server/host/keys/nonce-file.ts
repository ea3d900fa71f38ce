import { readFile } from 'node:fs/promises';
import type { Clock } from '@tidewall/base';
import type { Log, Meter, NonceMemory } from '@tidewall/contracts';
import { createNonceMemory, type UsedNonce } from '@tidewall/gateways/signed';
import { z } from 'zod';
import { keepFile } from '../keep-file.ts';
import { StartError } from '../startup-errors.ts';

export interface NonceFileOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly log: Log;
}

/** The nonces of this server, over its restarts. */
export interface KeptNonces {
  readonly memory: NonceMemory;
  /** Keeps what is remembered for the next start. */
  close(): Promise<void>;
}

const MODE = 0o600;
/** What the file holds while a server has not come to keep what it remembers. */
export const NONCES_RUNNING = '{"running":true}\n';

/** `running`: a server has not come to keep what it remembers. */
const fileSchema = z.union([
  z.strictObject({ running: z.literal(true) }),
  z.strictObject({
    used: z.array(z.strictObject({ keyId: z.string(), nonce: z.string(), signedAt: z.number(), skewMs: z.number() })),
    notBefore: z.number().optional(),
  }),
]);

interface Earlier {
  readonly used: readonly UsedNonce[];
  /** What was used until then is not known. */
  readonly notBefore?: number | undefined;
}

/**
 * A memory of nonces that goes on where the last one was closed, so that nothing is taken twice over a restart. When the
 * last one was not closed, what it remembered is lost: then nothing is taken that was signed before now.
 *
 * @throws StartError when the file cannot be written
 */
export async function openNonces({ path, clock, meter, log }: NonceFileOptions): Promise<KeptNonces> {
  // Times are signed in whole seconds: in the one that has begun, something may have been used before the stop.
  const unknown = { used: [], notBefore: Math.ceil(clock.now() / 1000) * 1000 };
  const { used, notBefore } = (await readEarlier(path)) ?? unknown;
  const bound = notBefore === undefined ? {} : { notBefore };
  // Before anything is taken: a stop from now on must be known as one.
  try {
    await keepFile(path, NONCES_RUNNING, MODE);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new StartError(`${path} cannot be written: ${why}; mend the rights of its folder`, { cause });
  }
  const memory = createNonceMemory({ clock, meter, used, ...bound });
  return {
    memory,
    async close() {
      try {
        await keepFile(path, `${JSON.stringify({ used: memory.used(), ...bound })}\n`, MODE);
      } catch (failure) {
        log.warn({ err: failure, path }, 'the nonces of signed connects could not be kept for the next start');
      }
    },
  };
}

/** What an earlier server has remembered; undefined when it did not come to say. */
async function readEarlier(path: string): Promise<Earlier | undefined> {
  try {
    const { data } = fileSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return data !== undefined && 'used' in data ? data : undefined;
  } catch (failure) {
    return (failure as NodeJS.ErrnoException).code === 'ENOENT' ? { used: [] } : undefined;
  }
}
