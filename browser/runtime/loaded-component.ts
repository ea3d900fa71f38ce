import type { ComponentDefinition, Mount } from '@tidewall/browser-contracts';
import type { ContractName } from '@tidewall/screen';

/** A component whose code has arrived. */
export interface LoadedComponent {
  readonly definition: ComponentDefinition;
  readonly mount: Mount<unknown, ContractName>;
}

/** Fetches the code of a component on first use; undefined when there is no component of that type. */
export type LoadComponent = (type: string) => Promise<LoadedComponent> | undefined;
