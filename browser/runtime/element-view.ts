import type {
  ComponentServices,
  DataState,
  Locale,
  MountedComponent,
  Theme,
  TopicReader,
} from '@tidewall/browser-contracts';
import { type ContractName, elementTopic, type ScreenElement, topicWith, type VariableValues } from '@tidewall/screen';
import { parseProps } from './component-props.ts';
import { createBadge, type ElementBadge } from './element-badge.ts';
import { ElementFeed } from './element-feed.ts';
import type { ElementHealth } from './element-health.ts';
import { createNotice, type ElementNotice, type Notice } from './element-notice.ts';
import type { Box } from './fit.ts';
import type { ElementFreshness, LinkFacts } from './freshness.ts';
import type { LoadComponent, LoadedComponent } from './loaded-component.ts';
import { nearestNames } from './nearest.ts';
import type { FrameTask, Scheduler } from './scheduler.ts';
import { styledDiv } from './styled.ts';
import { WORDS } from './words.ts';

/** What all elements of a screen share. */
export interface ElementSurroundings {
  readonly screenId: string;
  readonly reader: TopicReader;
  readonly scheduler: Scheduler;
  readonly loadComponent: LoadComponent;
  /** Names of the components there are, to suggest one for a wrong name. */
  readonly componentTypes: readonly string[];
  readonly mode: 'screen' | 'thumbnail';
  readonly reducedMotion: boolean;
  /** When anything was last heard from the server, on its clock; every element notes what it hears. */
  readonly hearing: { at: number };
  /** Of the screen's variables, as they are now. */
  values: VariableValues;
}

/** How a screen looks now. */
export interface Look {
  readonly theme: Theme;
  readonly locale: Locale;
}

/** A component that threw is tried again with new data, but not more often than this. */
export const RETRY_AFTER_MS = 10_000;

/** Code that did not load is fetched again after this, doubling with each failure in a row, up to a minute. */
export const RELOAD_MS = { first: 2_000, most: 60_000 } as const;

interface Mounted {
  readonly component: MountedComponent<unknown, ContractName>;
  readonly props: unknown;
}

/**
 * One element on the glass: its place, its component, its badge. Whatever fails in here (the code does not load, the
 * props are wrong, the component throws) is shown in its own frame, and the rest of the screen goes on.
 */
export class ElementView implements FrameTask {
  readonly root: HTMLElement;
  readonly #id: string;
  readonly #element: ScreenElement;
  readonly #around: ElementSurroundings;
  readonly #host: HTMLElement;
  readonly #badge: ElementBadge;
  readonly #notice: ElementNotice;
  readonly #releases = new Set<() => void>();
  #look: Look;
  #box: Box = { left: 0, top: 0, width: 0, height: 0 };
  #scale = 1;
  #sized = false;
  #visible = false;
  #disposed = false;
  #loaded: LoadedComponent | undefined;
  #loading: 'not yet' | 'under way' | 'done' | 'failed' = 'not yet';
  /** Times in a row that its code did not load, and when it is to be fetched again. */
  #failures = 0;
  #reloadAt = 0;
  #mounted: Mounted | undefined;
  #problem: Notice | undefined;
  #brokeAt: number | undefined;
  #feed: ElementFeed | undefined;
  #link: LinkFacts;
  #drawn: unknown[] = [];

  constructor(
    document: Document,
    id: string,
    element: ScreenElement,
    around: ElementSurroundings,
    look: Look,
    link: LinkFacts,
  ) {
    this.#id = id;
    this.#element = element;
    this.#around = around;
    this.#look = look;
    this.#link = link;
    this.root = styledDiv(document, { position: 'absolute', opacity: String(element.frame.opacity) });
    this.root.dataset['element'] = id;
    this.root.dataset['type'] = element.type;
    this.root.dataset['state'] = 'waiting';
    if (element.alias !== undefined) this.root.dataset['alias'] = element.alias;
    if (element.label !== undefined) {
      this.root.setAttribute('role', 'group');
      this.root.setAttribute('aria-label', element.label);
    }
    this.#host = this.#newHost();
    this.#badge = createBadge(document);
    this.#notice = createNotice(document);
    this.root.append(this.#host, this.#badge.element, this.#notice.element);
  }

  get visible(): boolean {
    return this.#visible && !this.#disposed;
  }

  /** Whether it can be seen; its code is fetched, and its topic followed, when it is for the first time. */
  setVisible(visible: boolean): void {
    if (visible === this.#visible) return;
    this.#visible = visible;
    if (!visible) return;
    if (this.#loading === 'not yet') this.#load();
    this.#around.scheduler.draw(this);
  }

  /** The values of variables have changed. What is shown stays until the other topic has something. */
  setValues(): void {
    const { binding } = this.#element.data;
    if (this.#loaded === undefined || binding?.type !== 'topic') return;
    if (topicWith(binding.topic, this.#around.values) === this.#feed?.topic) return;
    this.#feed?.dispose();
    this.#feed = this.#newFeed(this.#loaded);
    this.#drawn = [];
    this.#around.scheduler.draw(this);
  }

  setLook(look: Look): void {
    this.#look = look;
    this.#around.scheduler.draw(this);
  }

  place(box: Box, scale: number): void {
    this.#box = box;
    this.#scale = scale;
    this.#sized = false;
    const { style } = this.root;
    style.left = `${box.left}px`;
    style.top = `${box.top}px`;
    style.width = `${box.width}px`;
    style.height = `${box.height}px`;
    this.#around.scheduler.draw(this);
  }

  setLink(link: LinkFacts): void {
    this.#link = link;
    // Code that could not be fetched while the server was away is fetched again as soon as it is back.
    if (link.up && this.#loading === 'failed' && this.#visible) this.#load();
    if (link.up) this.#feed?.recovering();
    this.#around.scheduler.draw(this);
  }

  /** So much of the silence of its topic was of our own asking. */
  excuse(ms: number): void {
    this.#feed?.excuse(ms);
  }

  /** A second has gone by: ages are older, and what waited for its turn is drawn. */
  tick(): void {
    const { scheduler } = this.#around;
    if (this.#loading === 'failed' && this.visible && scheduler.now() >= this.#reloadAt) this.#load();
    if (this.#feed?.topic !== undefined || this.#brokeAt !== undefined) scheduler.draw(this);
  }

  run(): void {
    const { scheduler } = this.#around;
    const freshness = this.#freshness();
    const { theme, locale } = this.#look;
    if (this.#mayTryAgain()) this.#brokeAt = undefined;
    this.#mount();
    if (this.#mounted !== undefined) this.#draw(this.#mounted, freshness.state, scheduler.now());
    this.root.dataset['state'] = freshness.state;
    this.root.dataset['reason'] = freshness.reason;
    const mismatch = this.#feed?.mismatch;
    if (mismatch === undefined) delete this.root.dataset['mismatch'];
    else this.root.dataset['mismatch'] = mismatch.path;
    if (this.#around.mode === 'screen') this.#badge.update({ freshness, mismatch, theme, locale, scale: this.#scale });
    this.#notice.update(this.#problem, theme, locale, this.#scale);
    this.#host.style.visibility = this.#problem === undefined ? '' : 'hidden';
  }

  health(): ElementHealth {
    const { state, reason, ageMs } = this.#freshness();
    const mismatch = this.#feed?.mismatch;
    const misfit = mismatch && `${mismatch.path || '·'}: ${mismatch.expected} ≠ ${mismatch.got}`;
    const problem =
      this.#problem && [this.#problem.title[this.#look.locale], this.#problem.subject].filter(Boolean).join(': ');
    return {
      id: this.#id,
      type: this.#element.type,
      name: this.#element.name,
      topic: this.#feed?.topic,
      state,
      reason,
      ageMs,
      paintLatencyMs: this.#feed?.paintLatencyMs,
      problem: problem ?? misfit,
    };
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#around.scheduler.forget(this);
    this.#feed?.dispose();
    this.#unmount();
    this.root.remove();
  }

  #freshness(): ElementFreshness {
    const { reader, hearing } = this.#around;
    return (
      this.#feed?.freshness(reader.serverNow(), this.#link, hearing.at) ?? {
        state: 'waiting',
        ageMs: undefined,
        reason: this.#link.up ? '' : this.#link.reason,
      }
    );
  }

  #newHost(): HTMLElement {
    const { ownerDocument } = this.root;
    return styledDiv(ownerDocument, { position: 'absolute', inset: '0', overflow: 'hidden' });
  }

  #load(): void {
    const { type } = this.#element;
    const { loadComponent, componentTypes } = this.#around;
    const loading = loadComponent(type);
    if (loading === undefined) {
      this.#loading = 'done';
      const nearest = nearestNames(type, componentTypes);
      const [word, names] = nearest.length > 0 ? [WORDS.nearest, nearest] : [WORDS.known, componentTypes];
      const list = names.join(', ');
      const details = list === '' ? [] : [{ zh: `${word.zh}: ${list}`, en: `${word.en}: ${list}` }];
      this.#problem = { title: WORDS.unknownType, subject: type, details };
      return;
    }
    this.#loading = 'under way';
    loading.then(
      (loaded) => this.#arrived(loaded),
      (failure: unknown) => {
        this.#loading = 'failed';
        this.#reloadAt =
          this.#around.scheduler.now() + Math.min(RELOAD_MS.most, RELOAD_MS.first * 2 ** this.#failures++);
        this.#problem = { title: WORDS.notLoaded, subject: type, details: [textOf(failure), WORDS.notLoadedMore] };
        this.#around.scheduler.draw(this);
      },
    );
  }

  #arrived(loaded: LoadedComponent): void {
    if (this.#disposed) return;
    this.#loading = 'done';
    this.#problem = undefined;
    this.#loaded = loaded;
    this.#feed = this.#newFeed(loaded);
    this.#around.scheduler.draw(this);
  }

  #newFeed(loaded: LoadedComponent): ElementFeed {
    const { reader, hearing, values } = this.#around;
    return new ElementFeed({
      contract: loaded.definition.contract,
      element: this.#element,
      ownTopic: elementTopic(this.#around.screenId, this.#id),
      reader,
      values,
      now: () => this.#around.scheduler.now(),
      // A thumbnail draws on the second and not with each publication.
      changed: (first) => {
        hearing.at = reader.serverNow();
        if (first || this.#around.mode === 'screen') this.#around.scheduler.draw(this);
      },
    });
  }

  #mount(): void {
    if (this.#loaded === undefined || this.#mounted !== undefined || this.#brokeAt !== undefined) return;
    const { definition, mount } = this.#loaded;
    try {
      const parsed = parseProps(definition, this.#element.version, this.#element.props);
      if (!parsed.fits) {
        this.#problem = { title: WORDS.wrongProps, subject: parsed.path, details: [parsed.message] };
        // They stand in the screen and will not change: no use in parsing them again.
        this.#loaded = undefined;
        return;
      }
      this.#problem = undefined;
      this.#mounted = { component: mount(this.#host, this.#services()), props: parsed.props };
      this.#sized = false;
      this.#drawn = [];
    } catch (failure) {
      this.#broke(failure);
    }
  }

  #draw(mounted: Mounted, state: DataState, now: number): void {
    try {
      const { width, height } = this.#box;
      if (!this.#sized) {
        this.#sized = true;
        this.#drawn = [];
        mounted.component.resize({ width, height, scale: this.#scale });
      }
      const data = this.#feed?.dataset(state, now);
      const { theme, locale } = this.#look;
      const inputs = [data, theme, locale];
      if (inputs.every((input, i) => input === this.#drawn[i]) && this.#drawn.length > 0) return;
      this.#drawn = inputs;
      mounted.component.update({ props: mounted.props, data, theme, locale });
      this.#feed?.painted(this.#around.reader.serverNow());
    } catch (failure) {
      this.#broke(failure);
    }
  }

  #broke(failure: unknown): void {
    this.#brokeAt = this.#around.scheduler.now();
    this.#unmount();
    this.#problem = {
      title: WORDS.brokeDown,
      subject: this.#element.type,
      details: [textOf(failure), WORDS.brokeDownMore],
    };
  }

  /** New data may be what it can draw again, after a while: a wall has nobody to reload it. */
  #mayTryAgain(): boolean {
    if (this.#brokeAt === undefined || this.#feed === undefined) return false;
    return this.#feed.hasNew && this.#around.scheduler.now() - this.#brokeAt >= RETRY_AFTER_MS;
  }

  #unmount(): void {
    const mounted = this.#mounted;
    this.#mounted = undefined;
    for (const release of this.#releases) release();
    this.#releases.clear();
    try {
      mounted?.component.dispose();
    } catch (failure) {
      reportError(failure);
    }
    this.#host.replaceChildren();
  }

  #services(): ComponentServices {
    const { reader, scheduler, reducedMotion, mode } = this.#around;
    return {
      serverNow: () => reader.serverNow(),
      everySecond: (run) => {
        const guarded = () => {
          try {
            run();
          } catch (failure) {
            this.#broke(failure);
            scheduler.draw(this);
          }
        };
        const stop = scheduler.everySecond(guarded, () => this.visible);
        this.#releases.add(stop);
        return () => {
          this.#releases.delete(stop);
          stop();
        };
      },
      reducedMotion: reducedMotion || mode === 'thumbnail',
    };
  }
}

function textOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
