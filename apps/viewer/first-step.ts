import { createElement } from './create-element.ts';
import type { PageLook } from './page.ts';
import { say, type WordName } from './words.ts';

/** A part of a page that follows its language. */
export interface Step {
  readonly element: HTMLElement;
}

/** How to add a screen of this id: its whole file, as small as one can be. */
export function createScreenStep(look: PageLook, id: string, title: WordName): Step {
  const element = `CardStat_1_0_0_1_${Date.now()}`;
  // By hand, since JSON.stringify would make sixty lines of it.
  const code = `{
  "format": 1,
  "id": "${id}",
  "meta": { "name": "${id}" },
  "canvas": { "width": 1920, "height": 1080 },
  "pages": [{ "layers": ["${element}"] }],
  "elements": {
    "${element}": {
      "type": "CardStat",
      "frame": { "x": 660, "y": 420, "w": 600, "h": 240 },
      "props": { "emphasis": "hero", "align": "center" },
      "data": { "binding": { "type": "topic", "topic": "demo/answer" } }
    }
  }
}`;
  return createStep(look, title, () => say(look.locale, 'screenStep', { file: `data/screens/${id}.json` }), code);
}

/** How to bring data in. */
export function createPushStep(look: PageLook): Step {
  const code = `curl -d '{"value": 42}' \\\n  '${location.origin}/api/topics/demo/answer'`;
  return createStep(look, 'push', () => say(look.locale, 'pushMore'), code);
}

function createStep(look: PageLook, title: WordName, more: () => string, code: string): Step {
  const heading = createElement('h2');
  const text = createElement('p');
  const copy = createElement('button', { type: 'button', class: 'copy' });
  const element = createElement(
    'section',
    { class: 'step' },
    heading,
    text,
    createElement('div', { class: 'code' }, createElement('pre', { tabindex: '0' }, code), copy),
  );
  const label = () => {
    heading.textContent = say(look.locale, title);
    text.textContent = more();
    copy.textContent = say(look.locale, 'copy');
  };
  // A page that was not opened from this machine or over TLS may not write the clipboard.
  copy.hidden = navigator.clipboard === undefined;
  copy.addEventListener('click', () => {
    navigator.clipboard.writeText(code).then(
      () => {
        copy.textContent = say(look.locale, 'copied');
      },
      () => {
        copy.hidden = true;
      },
    );
  });
  label();
  look.onChange(label);
  return { element };
}
