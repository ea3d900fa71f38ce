import type { ContractName, RowsOf } from '@tidewall/screen';
import type { z } from 'zod/mini';
import type { Theme } from './theme.ts';

/** Text in the two languages of the product. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

export type Locale = keyof Words;

/** How alive what a component shows is; worst first when several reasons meet. */
export type DataState = 'waiting' | 'ok' | 'quiet' | 'late' | 'stale' | 'failed';

/** What a component is handed to draw. */
export interface Dataset<Contract extends ContractName = ContractName> {
  readonly rows: RowsOf<Contract>;
  /** Grows with each change of `rows`. */
  readonly revision: number;
  /** Time of the newest of it by its source, ms since 1970 on the server's clock. */
  readonly asOf: number;
  readonly state: DataState;
  /** Publications a second, smoothed; a component turns animation off above 5. */
  readonly rateHz: number;
}

/** Everything a picture depends on: the same state gives the same picture. */
export interface ComponentState<Props, Contract extends ContractName> {
  readonly props: Props;
  /** Undefined until there is data that fits the contract. */
  readonly data: Dataset<Contract> | undefined;
  readonly theme: Theme;
  readonly locale: Locale;
}

export interface Size {
  /** CSS pixels of the host element. */
  readonly width: number;
  readonly height: number;
  /** CSS pixels a design pixel: multiply font sizes and line widths by it. */
  readonly scale: number;
}

/** One drawn component. */
export interface MountedComponent<Props, Contract extends ContractName> {
  /** Draws this state; idempotent. Called at most once a frame, only while visible. */
  update(state: ComponentState<Props, Contract>): void;
  /** Called before the first `update`, and when the size changes; also with 0 × 0. */
  resize(size: Size): void;
  /** Lets go of every timer, listener, observer and canvas. */
  dispose(): void;
}

/** What a component may use of the world; it sees no topic, socket, fetch or clock of its own. */
export interface ComponentServices {
  /** The server's clock, ms since 1970. */
  serverNow(): number;
  /** Calls back once a second on the second, while the component is visible. */
  everySecond(run: () => void): () => void;
  readonly reducedMotion: boolean;
}

export type Mount<Props, Contract extends ContractName> = (
  host: HTMLElement,
  services: ComponentServices,
) => MountedComponent<Props, Contract>;

/** A kind of thing that can be placed: the pure half, which the server may read too. */
export interface ComponentDefinition<Props = unknown, Contract extends ContractName = ContractName> {
  /** `ChartLineBasic`. */
  readonly type: string;
  /** `1.0.0`; saved props of an older one pass through `migrations`. */
  readonly version: string;
  readonly title: Words;
  readonly description: Words;
  readonly group: 'columns' | 'lines' | 'meters' | 'numbers' | 'tables' | 'text';
  readonly contract: Contract;
  /** Props with their defaults: parsing `{}` gives a drawable component. */
  readonly props: z.ZodMiniType<Props>;
  /** Rows that fit the contract and make a good picture. */
  readonly sample: RowsOf<Contract>;
  /** Design pixels when first placed. */
  readonly size: { readonly width: number; readonly height: number };
  /** From the props of each older version to the next, oldest first. */
  readonly migrations: readonly {
    readonly to: string;
    readonly migrate: (props: Record<string, unknown>) => Record<string, unknown>;
  }[];
}

/** Keeps a definition's types while checking it. */
export function defineComponent<Props, Contract extends ContractName>(
  definition: ComponentDefinition<Props, Contract>,
): ComponentDefinition<Props, Contract> {
  return definition;
}
