import type { ComponentDefinition, ComponentState, MountedComponent, Size } from '@tidewall/browser-contracts';
import type { ContractName, Screen } from '@tidewall/screen';
import { createScreenRuntime, type LoadedComponent, Scheduler, type ScreenRuntime } from '../index.ts';
import { FakeReader } from './fake-reader.ts';

/*
 * A page for screen-runtime.browser.ts: a runtime with components that can be told to fail, on topics that the test
 * writes through `window.wall`.
 */

/** What the components of the page did. */
interface Seen {
  updates: Record<string, number>;
  sizes: Record<string, Size>;
  mounted: number;
  loads: string[];
  ticks: number;
}

/** What the test may reach of the page. */
export interface Wall {
  readonly reader: FakeReader;
  readonly seen: Seen;
  runtime: ScreenRuntime;
  /** Whether fetching the code of a component fails. */
  offline: boolean;
  open(screen: Screen, mode?: 'screen' | 'thumbnail'): void;
  /** Two frames, so that what was asked for in the first has been drawn. */
  frames(): Promise<void>;
}

declare global {
  interface Window {
    wall: Wall;
  }
}

const reader = new FakeReader(Date.now());
const seen: Seen = { updates: {}, sizes: {}, mounted: 0, loads: [], ticks: 0 };

const anything = {
  safeParse(value: Record<string, unknown>) {
    if (typeof value['title'] === 'number') {
      return { success: false, error: { issues: [{ path: ['title'], message: 'expected a text' }] } };
    }
    return { success: true, data: value };
  },
  // Only `safeParse` of a schema is used here, and this page is not to depend on the schema library.
} as unknown as ComponentDefinition['props'];

function component(type: string, contract: ContractName, draw: (text: string) => void): LoadedComponent {
  return {
    definition: {
      type,
      version: '1.0.0',
      title: { zh: type, en: type },
      description: { zh: type, en: type },
      group: 'text',
      contract,
      props: anything,
      sample: null,
      size: { width: 1, height: 1 },
      migrations: [],
    },
    mount(host, services): MountedComponent<unknown, ContractName> {
      seen.mounted++;
      const box = document.createElement('p');
      host.append(box);
      const stop = services.everySecond(() => seen.ticks++);
      return {
        resize(size) {
          seen.sizes[type] = size;
        },
        update(state: ComponentState<unknown, ContractName>) {
          seen.updates[type] = (seen.updates[type] ?? 0) + 1;
          const text = JSON.stringify(state.data?.rows ?? null);
          draw(text);
          box.textContent = `${text} ${state.theme.name} ${state.locale}`;
        },
        dispose() {
          seen.mounted--;
          stop();
          box.remove();
        },
      };
    },
  };
}

const components: Record<string, LoadedComponent> = {
  Good: component('Good', 'KV', () => {}),
  Fragile: component('Fragile', 'KV', (text) => {
    if (text.includes('boom')) throw new Error('cannot draw boom');
  }),
  Plain: component('Plain', 'NONE', () => {}),
};

window.wall = {
  reader,
  seen,
  offline: false,
  // Set by `open` before anything reads it.
  runtime: undefined as unknown as ScreenRuntime,
  open(screen, mode = 'screen') {
    this.runtime = createScreenRuntime({
      root: document.getElementById('root') as HTMLElement,
      screen,
      reader,
      componentTypes: Object.keys(components),
      locale: 'en',
      mode,
      scheduler: new Scheduler({ serverNow: () => Date.now() }),
      loadComponent: (type) => {
        const found = components[type];
        if (found === undefined) return undefined;
        seen.loads.push(type);
        return window.wall.offline ? Promise.reject(new Error('failed to fetch')) : Promise.resolve(found);
      },
    });
  },
  frames: () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
};
