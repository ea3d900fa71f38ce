import type { ComponentDefinition, Mount } from '@tidewall/browser-contracts';
import type { ContractName } from '@tidewall/screen';

/** Both halves of a component; its props and contract are known only when it runs. */
export interface LoadedComponent {
  readonly definition: ComponentDefinition<unknown, ContractName>;
  readonly mount: Mount<unknown, ContractName>;
}

// The folders are the list: each becomes a chunk of its own that is fetched on first use.
const DEFINITIONS = import.meta.glob<{ definition: LoadedComponent['definition'] }>('./[A-Z]*/definition.ts');
const MOUNTS = import.meta.glob<{ mount: LoadedComponent['mount'] }>('./[A-Z]*/mount.ts');

/** Every type that can be loaded. */
export const componentTypes: readonly string[] = Object.keys(MOUNTS).map((path) => path.split('/')[1] as string);

/** Fetches a component; undefined when there is none of this type. Rejects when its code cannot be fetched. */
export function loadComponent(type: string): Promise<LoadedComponent> | undefined {
  const define = DEFINITIONS[`./${type}/definition.ts`];
  const mount = MOUNTS[`./${type}/mount.ts`];
  if (define === undefined || mount === undefined) return undefined;
  return Promise.all([define(), mount()]).then(([{ definition }, { mount }]) => ({ definition, mount }));
}
