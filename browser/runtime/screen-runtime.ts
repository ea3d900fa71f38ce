import { type Clock, Disposables, isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import type { Locale, Theme, TopicReader } from '@tidewall/browser-contracts';
import { type Screen, type VariableValues, variablesTopic, variableValues } from '@tidewall/screen';
import type { ElementHealth } from './element-health.ts';
import { ElementView, type Look } from './element-view.ts';
import { layoutCanvas, placeFrame } from './fit.ts';
import type { FrameSource } from './frame-source.ts';
import { type LinkFacts, nextLinkFacts } from './freshness.ts';
import type { LoadComponent } from './loaded-component.ts';
import { Scheduler } from './scheduler.ts';
import { setStyles, styledDiv } from './styled.ts';
import { builtinThemes, defaultTheme } from './themes/index.ts';
import { WORDS } from './words.ts';

export interface ScreenRuntimeOptions {
  /** Filled by the screen; must have a size of its own. What is put into it is taken out on dispose. */
  readonly root: HTMLElement;
  readonly screen: Screen;
  readonly reader: TopicReader;
  readonly loadComponent: LoadComponent;
  /** Names of the components there are, to suggest one for a wrong name. */
  readonly componentTypes?: readonly string[];
  /** The themes that a name may mean; those that come with the runtime when absent. */
  readonly themes?: ReadonlyMap<string, Theme>;
  readonly locale: Locale;
  /** Values of variables that come before all others; the page cannot change them. */
  readonly fixed?: VariableValues;
  /** Values that the address of the page says, by name. */
  readonly address?: Readonly<Record<string, string>>;
  /** A thumbnail draws once a second, without motion or badges. */
  readonly mode: 'screen' | 'thumbnail';
  /** What the reader's system asks for when absent. */
  readonly reducedMotion?: boolean;
  /** Shared by several screens of one page; the runtime makes its own when absent. */
  readonly scheduler?: Scheduler;
  /** Where frames and timers come from, for a scheduler of its own. */
  readonly frames?: FrameSource;
  readonly clock?: Pick<Clock, 'after'>;
}

/** A screen on the glass. */
export interface ScreenRuntime {
  /** The theme in use. */
  readonly theme: Theme;
  /** Switches live. @throws RangeError for a name that is not there */
  setTheme(name: string): void;
  setLocale(locale: Locale): void;
  /** Fits the screen to its window again; needed only where a change of size cannot be observed. */
  resize(): void;
  /** Each element of the page, back to front. */
  health(): readonly ElementHealth[];
  /** Lets go of everything; nothing outlives it. */
  dispose(): void;
}

/** How often a page that nobody can see may be sent something: enough not to come back to nothing. */
export const HIDDEN_RATE_HZ = 0.5;
/** For how long a topic was silent because the page, which nobody saw, did not ask for more. */
const HIDDEN_PERIOD_MS = 1000 / HIDDEN_RATE_HZ;

/** Puts the first page of a screen into an element, and keeps it alive until it is disposed. */
export function createScreenRuntime(options: ScreenRuntimeOptions): ScreenRuntime {
  const { root, screen, reader } = options;
  const { ownerDocument: document } = root;
  const window = document.defaultView;
  const owned = new Disposables();
  const themes = options.themes ?? builtinThemes;
  let look: Look = { theme: themes.get(screen.theme) ?? defaultTheme, locale: options.locale };

  const ownScheduler = () =>
    owned.add(
      new Scheduler({
        serverNow: () => reader.serverNow(),
        ...(options.frames === undefined ? {} : { frames: options.frames }),
        ...(options.clock === undefined ? {} : { clock: options.clock }),
      }),
    );
  const scheduler = options.scheduler ?? ownScheduler();

  // Everything stands in a frame of our own, so that nothing of the caller's element has to be put back.
  const frame = styledDiv(document, { position: 'relative', width: '100%', height: '100%', scrollbarWidth: 'none' });
  const stage = styledDiv(document, { position: 'absolute', left: '0', top: '0', overflow: 'hidden' });
  frame.append(stage);
  root.append(frame);
  owned.defer(() => frame.remove());

  function valuesOf(pushed: Readonly<Record<string, unknown>>): VariableValues {
    return variableValues(screen, { fixed: options.fixed ?? {}, address: options.address ?? {}, pushed });
  }

  let link: LinkFacts = {
    up: reader.status.type === 'live',
    downSince: reader.serverNow(),
    reason: WORDS.noLink[options.locale],
  };
  const around = {
    screenId: screen.id,
    reader,
    scheduler,
    loadComponent: options.loadComponent,
    componentTypes: options.componentTypes ?? [],
    mode: options.mode,
    hearing: { at: reader.serverNow() },
    values: valuesOf({}),
    reducedMotion: options.reducedMotion ?? window?.matchMedia('(prefers-reduced-motion: reduce)').matches ?? false,
  };
  const views = new Map<Element, { view: ElementView; place: Screen['elements'][string]['frame'] }>();
  for (const id of screen.pages[0]?.layers ?? []) {
    const element = screen.elements[id];
    if (element === undefined) continue;
    const view = owned.add(new ElementView(document, id, element, around, look, link));
    views.set(view.root, { view, place: element.frame });
    stage.append(view.root);
  }

  function eachView(run: (view: ElementView) => void): void {
    for (const { view } of views.values()) run(view);
  }

  function paintGround(): void {
    const { ground, groundDeep, dark } = look.theme;
    setStyles(frame, {
      background: screen.canvas.background ?? `radial-gradient(120% 100% at 50% 0%, ${ground}, ${groundDeep})`,
      colorScheme: dark ? 'dark' : 'light',
    });
  }

  function resize(): void {
    const extent = { width: frame.clientWidth, height: frame.clientHeight };
    if (extent.width === 0 || extent.height === 0) return;
    const layout = layoutCanvas(screen.canvas, extent, screen.canvas.fit);
    setStyles(frame, {
      overflowX: layout.scrollX ? 'auto' : 'hidden',
      overflowY: layout.scrollY ? 'auto' : 'hidden',
    });
    // The stage is as large as the window or the canvas, whichever is larger, so that nothing of a frame is cut twice.
    setStyles(stage, {
      width: `${layout.scrollX ? layout.width : extent.width}px`,
      height: `${layout.scrollY ? layout.height : extent.height}px`,
    });
    const ratio = window?.devicePixelRatio ?? 1;
    for (const { view, place } of views.values()) view.place(placeFrame(place, layout, ratio), layout.scale);
  }

  if (Object.keys(screen.variables).length > 0) {
    owned.defer(
      reader.follow(variablesTopic(screen.id), { kind: 'state' }, (replica) => {
        around.values = valuesOf(asValues(replica.value()));
        eachView((view) => view.setValues());
      }),
    );
  }
  paintGround();
  resize();
  observeSize(frame, resize, owned);
  observeVisibility(views, owned);
  owned.defer(
    reader.onStatus((status) => {
      link = nextLinkFacts(link, status, reader.serverNow());
      if (link.up) around.hearing.at = reader.serverNow();
      eachView((view) => view.setLink(link));
    }),
  );
  owned.defer(
    scheduler.onVisibility(() => {
      if (scheduler.hidden) return;
      const { hearing } = around;
      hearing.at = Math.min(reader.serverNow(), hearing.at + HIDDEN_PERIOD_MS);
      eachView((view) => view.excuse(HIDDEN_PERIOD_MS));
    }),
  );
  owned.defer(scheduler.everySecond(() => eachView((view) => view.tick())));

  return {
    get theme() {
      return look.theme;
    },
    setTheme(name) {
      const theme = themes.get(name);
      if (theme === undefined) throw new RangeError(`no theme "${name}"; there are ${[...themes.keys()].join(', ')}`);
      look = { ...look, theme };
      paintGround();
      eachView((view) => view.setLook(look));
    },
    setLocale(locale) {
      look = { ...look, locale };
      eachView((view) => view.setLook(look));
    },
    resize,
    health: () => [...views.values()].map(({ view }) => view.health()),
    dispose: () => owned.dispose(),
  };
}

function asValues(value: unknown): Readonly<Record<string, unknown>> {
  return isJsonObject(value as JsonValue) ? (value as JsonObject) : {};
}

/** Calls back when the element changes its size, or the glass its pixels (a window moved to another monitor). */
function observeSize(root: HTMLElement, changed: () => void, owned: Disposables): void {
  const observer = new ResizeObserver(changed);
  observer.observe(root);
  owned.defer(() => observer.disconnect());
  const window = root.ownerDocument.defaultView;
  if (window === null) return;
  let stop = () => {};
  const watch = () => {
    // A query only tells that this ratio is left, so each change needs the next one.
    const query = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    const left = () => {
      watch();
      changed();
    };
    query.addEventListener('change', left, { once: true });
    stop = () => query.removeEventListener('change', left);
  };
  watch();
  owned.defer(() => stop());
}

function observeVisibility(views: ReadonlyMap<Element, { readonly view: ElementView }>, owned: Disposables): void {
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) views.get(target)?.view.setVisible(isIntersecting);
  });
  for (const element of views.keys()) observer.observe(element);
  owned.defer(() => observer.disconnect());
}
