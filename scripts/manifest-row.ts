import type { ComponentDefinition } from '@tidewall/browser-contracts';
import { CONTRACT_EXAMPLES } from '@tidewall/screen';
import { z } from 'zod/mini';

/**
 * All that the server and a stranger know of a component, as plain JSON: `props` is the JSON Schema of what may be
 * written down, `defaults` what an element without props has, `example` data that its contract takes.
 *
 * @throws TypeError when the defaults of the props do not make a drawable component
 */
export function manifestRow(definition: ComponentDefinition) {
  const { type, version, title, description, group, contract, size, props, sample } = definition;
  const defaults = z.safeParse(props, {});
  if (!defaults.success) {
    throw new TypeError(`the props of ${type} must all have defaults: ${z.prettifyError(defaults.error)}`);
  }
  return {
    type,
    version,
    title,
    description,
    group,
    contract,
    size,
    props: z.toJSONSchema(props, { io: 'input' }),
    defaults: defaults.data,
    sample,
    example: CONTRACT_EXAMPLES[contract],
  };
}
