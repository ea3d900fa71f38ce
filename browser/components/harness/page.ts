import type { ComponentState, MountedComponent, Theme } from '@tidewall/browser-contracts';
import type { ContractName } from '@tidewall/screen';
import { componentTypes, type LoadedComponent, loadComponent } from '../index.ts';
import { installLedger, type LedgerCounts } from './ledger.ts';
import { type RowsKind, rowsFor } from './rows.ts';

/** How a component is tried. */
export interface Trial {
  readonly type: string;
  readonly rows: RowsKind;
  readonly theme: Theme;
  readonly locale?: 'zh' | 'en';
  readonly props?: Record<string, unknown>;
  /** Instead of made rows. */
  readonly data?: unknown;
  readonly rateHz?: number;
}

/** What the contract suite may ask of this page. */
export interface Harness {
  readonly types: readonly string[];
  load(type: string): Promise<{ readonly width: number; readonly height: number }>;
  mount(type: string, reducedMotion: boolean): void;
  resize(width: number, height: number, scale: number): void;
  /** Draws, and says how many ms it took. */
  update(trial: Trial): number;
  /** The same state again, the very object. */
  again(): void;
  second(): void;
  dispose(): { readonly children: number; readonly attributes: number; readonly seconds: number };
  /** When nothing moves any more: no animation runs, and no frame is asked for. */
  settled(): Promise<void>;
  held(): LedgerCounts;
}

declare global {
  interface Window {
    harness: Harness;
  }
}

const ledger = installLedger(window);
const stage = document.querySelector('#stage') as HTMLElement;
const loaded = new Map<string, LoadedComponent>();
const seconds = new Set<() => void>();
let mounted: MountedComponent<unknown, ContractName> | undefined;
let state: ComponentState<unknown, ContractName> | undefined;
let revision = 0;
/** Props and themes as they came first: a screen hands the very objects on until somebody changes them. */
const given = new Map<string, unknown>();

function same<T>(key: string, make: () => T): T {
  if (!given.has(key)) given.set(key, make());
  return given.get(key) as T;
}

window.harness = {
  types: componentTypes,
  async load(type) {
    const component = await loadComponent(type);
    if (component === undefined) throw new TypeError(`no component ${type}`);
    loaded.set(type, component);
    return component.definition.size;
  },
  mount(type, reducedMotion) {
    mounted = loaded.get(type)?.mount(stage, {
      serverNow: () => 1_700_000_307_000,
      everySecond(run) {
        seconds.add(run);
        return () => seconds.delete(run);
      },
      reducedMotion,
    });
  },
  resize(width, height, scale) {
    stage.style.width = `${width}px`;
    stage.style.height = `${height}px`;
    mounted?.resize({ width, height, scale });
  },
  update({ type, rows: kind, theme, locale = 'zh', props = {}, data, rateHz = 1 }) {
    const { definition } = loaded.get(type) as LoadedComponent;
    const rows = (data ?? rowsFor(definition.contract, definition.sample, kind)) as never;
    document.body.style.background = theme.ground;
    revision++;
    state = {
      props: same(`${type} ${JSON.stringify(props)}`, () => definition.props.parse(props)),
      data: rows === undefined ? undefined : { rows, revision, asOf: 1_700_000_300_000, state: 'ok', rateHz },
      theme: same(JSON.stringify(theme), () => theme),
      locale,
    };
    const start = performance.now();
    mounted?.update(state);
    return performance.now() - start;
  },
  again() {
    if (state !== undefined) mounted?.update(state);
  },
  second() {
    for (const run of seconds) run();
  },
  dispose() {
    mounted?.dispose();
    mounted = undefined;
    state = undefined;
    const attributes = [...stage.attributes].filter(({ name }) => name !== 'id' && name !== 'style').length;
    return { children: stage.childNodes.length, attributes, seconds: seconds.size };
  },
  async settled() {
    for (let still = 0; still < 2; ) {
      await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined)));
      await new Promise((resolve) => setTimeout(resolve, 30));
      still = ledger.counts().frames === 0 && document.getAnimations().length === 0 ? still + 1 : 0;
    }
  },
  held: () => ledger.counts(),
};
