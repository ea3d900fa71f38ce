import { readFile } from 'node:fs/promises';
import type { Log } from '@tidewall/contracts';
import { CONTRACT_EXAMPLES, type ContractName } from '@tidewall/screen';
import { z } from 'zod';

const CONTRACT_NAMES = Object.keys(CONTRACT_EXAMPLES) as ContractName[];

/** What the server knows of components: made from their definitions when the product is built. */
export const manifestSchema = z.looseObject({
  components: z.array(
    z.looseObject({
      type: z.string(),
      version: z.string(),
      contract: z.enum(CONTRACT_NAMES),
    }),
  ),
});

export interface ComponentManifest {
  /** The document as it was built, for `GET /api/components`. */
  readonly json: string;
  contractOf(type: string): ContractName | undefined;
}

const EMPTY: ComponentManifest = { json: '{"components":[]}', contractOf: () => undefined };

/** Reads the manifest. Without one pushes to elements are not checked, which the log says once. */
export async function loadManifest(path: string | undefined, log: Log): Promise<ComponentManifest> {
  if (path === undefined) return EMPTY;
  try {
    const { components } = manifestSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    const contracts = new Map(components.map(({ type, contract }) => [type, contract]));
    return { json: JSON.stringify({ components }), contractOf: (type) => contracts.get(type) };
  } catch (failure) {
    log.warn({ file: path, err: failure }, 'pushes to elements are not checked: the component manifest cannot be read');
    return EMPTY;
  }
}
