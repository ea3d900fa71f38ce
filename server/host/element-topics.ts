import { isJsonObject, type JsonValue } from '@tidewall/base';
import type { SomeTopicSettings } from '@tidewall/contracts';
import { type Mismatch, type Operation, TidewallError } from '@tidewall/protocol';
import {
  CONTRACT_EXAMPLES,
  type ContractName,
  elementTopic,
  fitContract,
  parseElementId,
  parseScreenTopic,
  type Screen,
  type ScreenElement,
} from '@tidewall/screen';
import { SLUG } from '@tidewall/screen/schema';
import type { ComponentManifest } from './component-manifest.ts';
import { nearestNames } from './nearest-name.ts';
import type { Screens } from './screens.ts';

/*
 * Pushes to elements. An element that is bound to nothing shows what comes to `screens/<screen>/elements/<element>`,
 * where <element> is its id, its id behind `component/`, or its alias. These topics are always of kind `state`: what a
 * component takes is one value that is replaced, so the kind that a publisher asks for does not matter.
 */

export interface ElementTopics {
  /**
   * The topic that a publication to this one goes to; the same one for a topic that is no element's.
   *
   * @throws TidewallError unknown_screen, unknown_component, and conflict when the element shows something else
   */
  resolve(topic: string): string;
  /** As `resolve`, but names that fit nothing stay as they are: a viewer may wait for what is not there yet. */
  resolveLoosely(topic: string): string;
  /** @throws TidewallError unknown_screen when there is no such screen, neither here nor elsewhere */
  requireScreen(id: string): void;
  settingsOf(topic: string): SomeTopicSettings | undefined;
}

/**
 * The variables of a screen, by name. None is an object: a variable becomes a part of an address or a query, and wires
 * that tell which have changed tell each as a whole.
 */
const VARIABLES: SomeTopicSettings = { kind: 'state', fits: (_op, data) => variablesMismatch(data) };

const ELEMENT_TOPIC = /^screens\/([^/]+)\/elements\/(.+)$/u;

/** Whether a name is that of an element's topic, whatever is behind it. */
export function isElementTopic(topic: string): boolean {
  return ELEMENT_TOPIC.test(topic);
}

export interface ElementTopicsOptions {
  readonly screens: Screens;
  readonly manifest: ComponentManifest;
  /** Ids of screens whose documents are elsewhere; `*` is every id that no screen here has. */
  readonly foreignScreens: readonly string[];
}

export function createElementTopics({ screens, manifest, foreignScreens }: ElementTopicsOptions): ElementTopics {
  const foreign = new Set(foreignScreens);
  const isForeign = (id: string) =>
    screens.get(id) === undefined && (foreign.has(id) || (foreign.has('*') && SLUG.test(id)));
  const find = (topic: string): { screen: Screen; id: string; element: ScreenElement } | undefined => {
    const [, screenId, name] = ELEMENT_TOPIC.exec(topic) ?? [];
    const screen = screenId === undefined ? undefined : screens.get(screenId)?.screen;
    const id = screen === undefined || name === undefined ? undefined : elementIdOf(screen, name);
    const element = id === undefined ? undefined : screen?.elements[id];
    return screen === undefined || id === undefined || element === undefined ? undefined : { screen, id, element };
  };
  return {
    resolve(topic) {
      const [, screenId, name] = ELEMENT_TOPIC.exec(topic) ?? [];
      if (screenId === undefined || name === undefined) return topic;
      const found = find(topic);
      if (found === undefined && isForeign(screenId)) return elementTopic(screenId, foreignElement(name));
      if (found === undefined) throw nothingThere(screens, screenId, name);
      refuseBound(found.id, found.element);
      return elementTopic(found.screen.id, found.id);
    },
    resolveLoosely(topic) {
      const found = topic.startsWith('screens/') ? find(topic) : undefined;
      if (found !== undefined) return elementTopic(found.screen.id, found.id);
      const [, screenId = '', name = ''] = ELEMENT_TOPIC.exec(topic) ?? [];
      return isForeign(screenId) ? elementTopic(screenId, parseElementId(name) ?? name) : topic;
    },
    requireScreen(id) {
      if (screens.get(id) === undefined && !isForeign(id)) throw unknownScreen(screens, id);
    },
    settingsOf(topic) {
      if (parseScreenTopic(topic)?.type === 'variables') return VARIABLES;
      if (!isElementTopic(topic)) return undefined;
      return {
        kind: 'state',
        // Looked up at each publication, since a screen may change while its topics are open.
        fits: (op, data) => {
          const element = find(topic)?.element;
          const contract = element === undefined ? undefined : manifest.contractOf(element.type);
          // What comes through transforms has the contract's shape only behind them.
          if (contract === undefined || (element?.data.transforms.length ?? 0) > 0) return undefined;
          return mismatchOf(contract, op, data);
        },
      };
    },
  };
}

/** What only its own screen knows: it must look like the id of an element, so that a slip of the pen is told. */
function foreignElement(name: string): string {
  const id = parseElementId(name);
  if (id !== undefined) return id;
  throw new TidewallError(
    'unknown_component',
    `${JSON.stringify(name.slice(0, 128))} is no element id; the document of this screen is elsewhere, so that only ids ` +
      'like ChartColumnBasic_1_0_0_2_1700000000000 are taken, and no aliases',
  );
}

function variablesMismatch(data: JsonValue): Mismatch | undefined {
  const example = { region: 'sh', year: 2026 };
  if (!isJsonObject(data)) {
    return {
      path: '',
      expected: 'an object with the variables by name',
      got: Array.isArray(data) ? 'a list' : typeof data,
      example,
    };
  }
  const wrong = Object.keys(data).find((name) => isJsonObject(data[name]));
  if (wrong === undefined) return undefined;
  return { path: `.${wrong}`, expected: 'a text, a number, true, false, null or a list', got: 'an object', example };
}

function elementIdOf(screen: Screen, name: string): string | undefined {
  const id = parseElementId(name);
  if (id !== undefined && Object.hasOwn(screen.elements, id)) return id;
  return Object.keys(screen.elements).find((other) => screen.elements[other]?.alias === name);
}

function mismatchOf(contract: ContractName, op: Operation, data: JsonValue): Mismatch | undefined {
  const example = CONTRACT_EXAMPLES[contract];
  if (contract === 'NONE') {
    return { path: '', expected: 'nothing: this component takes no data', got: typeof data, example };
  }
  if (op === 'merge' && contract !== 'KV') {
    return { path: '', expected: 'the whole data, with op=replace', got: 'a merge patch', example };
  }
  const fit = fitContract(contract, data);
  return fit.fits ? undefined : fit.mismatch;
}

function refuseBound(id: string, { data }: ScreenElement): void {
  const { binding } = data;
  if (binding === undefined) return;
  const why =
    binding.type === 'topic' ? `the topic ${binding.topic}; publish there` : 'data of its own, which is in the screen';
  throw new TidewallError('conflict', `${id} shows ${why}`, {
    detail: binding.type === 'topic' ? { topic: binding.topic } : {},
  });
}

function nothingThere(screens: Screens, screenId: string, name: string): TidewallError {
  const screen = screens.get(screenId)?.screen;
  if (screen === undefined) return unknownScreen(screens, screenId);
  const names = Object.entries(screen.elements).map(([id, { alias }]) => alias ?? id);
  const [nearest] = nearestNames(name, names);
  const hint = nearest === undefined ? `it has ${names.slice(0, 20).join(', ')}` : `did you mean ${nearest}?`;
  return new TidewallError(
    'unknown_component',
    `the screen ${screenId} has no element ${JSON.stringify(name)}; ${hint}`,
    {
      detail: { elements: names.slice(0, 100) },
    },
  );
}

/** There is no such screen; says which there are. */
export function unknownScreen(screens: Screens, id: string): TidewallError {
  const ids = screens.list().map(({ screen }) => screen.id);
  const [nearest] = nearestNames(id, ids);
  const hint =
    nearest !== undefined
      ? `did you mean ${nearest}?`
      : ids.length === 0
        ? 'there are none yet'
        : `there are ${ids.slice(0, 20).join(', ')}`;
  return new TidewallError('unknown_screen', `there is no screen ${JSON.stringify(id.slice(0, 64))}; ${hint}`, {
    detail: { screens: ids.slice(0, 100) },
  });
}
