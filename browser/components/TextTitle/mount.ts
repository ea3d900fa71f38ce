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

  function update(state: ComponentState<Props, 'NONE'>): void {
    const { props, locale } = state;
    panel.update({ ...state, props: { title: '', panel: props.panel } }, undefined);
    main.textContent = textOf(props.text, locale);
    sub.textContent = textOf(props.subtitle, locale);
    sub.hidden = sub.textContent === '';
    left.hidden = props.decoration !== 'wings' || props.align === 'left';
    right.hidden = props.decoration !== 'wings' || props.align === 'right';
    rule.hidden = props.decoration !== 'line';
    root.style.setProperty('--size', String(props.size));
    root.dataset['align'] = props.align;
    root.dataset['decoration'] = props.decoration;
    root.dataset['glow'] = String(props.glow);
    panel.describe([main.textContent, sub.textContent].filter((part) => part !== '').join(', '));
  }

  return { update, resize: (size) => panel.resize(size), dispose: () => panel.dispose() };
};
