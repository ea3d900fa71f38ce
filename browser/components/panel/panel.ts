import type { ComponentState, Size, Theme } from '@tidewall/browser-contracts';
import type { ContractName } from '@tidewall/screen';
import { adoptSheet } from '../style/shared-sheet.ts';
import { createRuler, type Ruler } from '../text/ruler.ts';
import { type Text, textOf } from '../text/text.ts';
import { createLegend, type Legend } from './legend.ts';
import { PANEL_CSS } from './panel-css.ts';

/** The frame that every component stands in: its border, title, legend, and the words for "no data". */
export interface Panel {
  /** Where the component draws; positioned, clipped, and sized by `bodySize`. */
  readonly body: HTMLElement;
  readonly legend: Legend;
  readonly ruler: Ruler;
  /** CSS pixels of the body and those of a design pixel; 0 × 0 while there is nothing to draw on. */
  readonly bodySize: Size;
  resize(size: Size): void;
  /** Shows theme, title and freshness. `notice` covers the body; without one the body is free. */
  update(state: PanelState, notice: Notice | undefined): void;
  /** What a reader of the screen hears. */
  describe(summary: string): void;
  dispose(): void;
}

/** What a panel needs of a component's state. */
export type PanelState = ComponentState<{ readonly title: Text; readonly panel: 'card' | 'plain' }, ContractName>;

/** Why there is nothing to draw. */
export type Notice = 'waiting' | 'empty';

/** Settings of a panel. */
export interface PanelOptions {
  /** The component's type. */
  readonly name: string;
  /** Beyond the panel's own. */
  readonly css?: string;
  /** `img` for a picture; a table or a list says so itself. */
  readonly role: string;
  /** Design pixels between the border and the content of a card. */
  readonly padding?: number;
}

const NOTICES = {
  waiting: { zh: '等待数据', en: 'Waiting for data' },
  empty: { zh: '暂无数据', en: 'No data' },
} as const;

const HEAD_HEIGHT = 24;
const HEAD_GAP = 12;
/** A title gives way to a legend until it has this share of the head. */
const TITLE_SHARE = 0.45;
const NOTHING: Size = { width: 0, height: 0, scale: 1 };

/** Opens a panel that fills `host`; disposing it leaves the host empty. */
export function createPanel(host: HTMLElement, options: PanelOptions): Panel {
  const { ownerDocument: document } = host;
  const releases = [adoptSheet(document, 'panel', PANEL_CSS)];
  if (options.css !== undefined) releases.push(adoptSheet(document, options.name, options.css));
  const make = (tag: string, className: string): HTMLElement => {
    const element = document.createElement(tag);
    element.className = className;
    return element;
  };
  const root = make('div', `tw-panel tw-${options.name}`);
  root.setAttribute('role', options.role);
  const head = make('div', 'tw-head');
  const title = make('div', 'tw-title');
  const titleText = document.createElement('span');
  const body = make('div', 'tw-body');
  const notice = make('div', 'tw-notice');
  const ruler = createRuler();
  const legend = createLegend(document, ruler);
  title.append(titleText);
  head.append(title, legend.element);
  root.append(head, body, notice);
  host.append(root);

  let size = NOTHING;
  let bodySize = NOTHING;
  let theme: Theme | undefined;
  let card = true;
  let headed = false;
  let said = '';

  function layout(): void {
    const { width, height, scale } = size;
    const pad = card ? (options.padding ?? 18) * scale : 0;
    const top = headed ? (HEAD_HEIGHT + HEAD_GAP) * scale : 0;
    const inner = { width: Math.floor(width - 2 * pad), height: Math.floor(height - 2 * pad - top), scale };
    bodySize = inner.width > 0 && inner.height > 0 ? inner : { width: 0, height: 0, scale };
    place(head, pad, pad, bodySize.width, HEAD_HEIGHT * scale);
    place(body, pad, pad + top, bodySize.width, bodySize.height);
    head.style.display = headed ? '' : 'none';
    root.style.setProperty('--u', `${scale}px`);
    root.style.setProperty('--hair', `${hairLine(scale, document)}px`);
  }

  /** What the title, as wide as it is, leaves to the legend. */
  function fitLegend(): void {
    if (theme === undefined) return;
    const { width, scale } = bodySize;
    const text = titleText.textContent;
    const ems = ruler.ems(text, `500 ${theme.fontText}`) + text.length * 0.02;
    const wide = text === '' ? 0 : Math.min(width * TITLE_SHARE, (ems * 17 + 13) * scale) + 10 * scale;
    legend.fit({ width: width - wide, scale, text: theme.fontText, number: theme.fontNumber });
  }

  return {
    body,
    legend,
    ruler,
    get bodySize() {
      return bodySize;
    },
    resize(next) {
      size = next;
      layout();
      fitLegend();
    },
    update(state, why) {
      if (state.theme !== theme) {
        theme = state.theme;
        applyTheme(root, theme);
      }
      const text = textOf(state.props.title, state.locale);
      titleText.textContent = text;
      title.hidden = text === '';
      const isCard = state.props.panel === 'card';
      const hasHead = text !== '' || legend.shown;
      if (isCard !== card || hasHead !== headed) {
        card = isCard;
        headed = hasHead;
        layout();
      }
      fitLegend();
      root.dataset['dark'] = String(state.theme.dark);
      root.dataset['panel'] = state.props.panel;
      root.dataset['state'] = state.data?.state ?? 'waiting';
      notice.hidden = why === undefined;
      if (why !== undefined) notice.textContent = NOTICES[why][state.locale];
      body.style.visibility = why === undefined ? '' : 'hidden';
    },
    describe(summary) {
      if (summary === said) return;
      said = summary;
      root.setAttribute('aria-label', summary);
    },
    dispose() {
      root.remove();
      for (const release of releases) release();
    },
  };
}

/** The thinnest line that is crisp: a whole number of the screen's own pixels, at least one. */
export function hairLine(scale: number, document: Document): number {
  const ratio = document.defaultView?.devicePixelRatio ?? 1;
  return Math.max(1, Math.round(scale * ratio)) / ratio;
}

function place(element: HTMLElement, left: number, top: number, width: number, height: number): void {
  const { style } = element;
  style.left = `${Math.round(left)}px`;
  style.top = `${Math.round(top)}px`;
  style.width = `${width}px`;
  style.height = `${height}px`;
}

function applyTheme(root: HTMLElement, theme: Theme): void {
  const { style } = root;
  for (const name of ['surface', 'line', 'accent', 'alert', 'warn', 'good', 'ground'] as const) {
    style.setProperty(`--${name}`, theme[name]);
  }
  theme.text.forEach((color, step) => {
    style.setProperty(`--text-${step}`, color);
  });
  style.setProperty('--font-text', theme.fontText);
  style.setProperty('--font-number', theme.fontNumber);
  style.colorScheme = theme.dark ? 'dark' : 'light';
}
