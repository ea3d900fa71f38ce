import type { ComponentState, Mount } from '@tidewall/browser-contracts';
import { createPanel } from '../panel/panel.ts';
import { textOf } from '../text/text.ts';
import { CSS } from './css.ts';
import type { Props } from './definition.ts';

/** Draws a title. */
export const mount: Mount<Props, 'NONE'> = (host) => {
  const { ownerDocument: document } = host;
  const panel = createPanel(host, { name: 'TextTitle', css: CSS, role: 'heading', padding: 12 });
  const root = panel.body.parentElement as HTMLElement;
  const make = (className: string): HTMLElement => {
    const element = document.createElement('div');
    element.className = className;
    return element;
  };
  const left = make('tw-TextTitle-wing');
  const right = make('tw-TextTitle-wing tw-right');
  const text = make('tw-TextTitle-text');
  const main = make('tw-TextTitle-main');
  const rule = make('tw-TextTitle-rule');
  const sub = make('tw-TextTitle-sub');
  text.append(main, rule, sub);
  panel.body.append(left, text, right);

  let props: Props | undefined;

  /** Smaller than it is asked to be where its lines would not fit under each other. */
  function fit(): void {
    const { height, scale } = panel.bodySize;
    if (props === undefined || height === 0) return;
    const { size } = props;
    const subHeight = sub.hidden ? 0 : 5 + Math.max(12, size * 0.36) * 1.3;
    const tall = size * 1.25 + subHeight + (rule.hidden ? 0 : 10);
    root.style.setProperty('--fit', Math.min(1, height / (tall * scale)).toFixed(3));
  }

  function update(state: ComponentState<Props, 'NONE'>): void {
    const { locale } = state;
    ({ props } = state);
    panel.update({ ...state, props: { title: '', panel: props.panel } }, undefined);
    main.textContent = textOf(props.text, locale);
    sub.textContent = textOf(props.subtitle, locale);
    sub.hidden = sub.textContent === '';
    left.hidden = props.decoration !== 'wings' || props.align === 'left';
    right.hidden = props.decoration !== 'wings' || props.align === 'right';
    rule.hidden = props.decoration !== 'line';
    root.style.setProperty('--size', String(props.size));
    fit();
    root.dataset['align'] = props.align;
    root.dataset['decoration'] = props.decoration;
    root.dataset['glow'] = String(props.glow);
    panel.describe([main.textContent, sub.textContent].filter((part) => part !== '').join(', '));
  }

  root.style.setProperty('--fit', '1');
  return {
    update,
    resize(size) {
      panel.resize(size);
      fit();
    },
    dispose: () => panel.dispose(),
  };
};
