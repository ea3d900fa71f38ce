import { createElementId } from '@tidewall/screen';
import { createElement } from './create-element.ts';
import type { Page } from './page.ts';
import { say, type WordName } from './words.ts';

/** A part of a page that follows its language. */
export interface Step {
  readonly element: HTMLElement;
}

/** Where a step stands: it follows the language until its page is taken away. */
type Place = Pick<Page, 'look' | 'signal'>;

/** How to add a screen of this id: its whole file, as small as one can be. */
export function createScreenStep(place: Place, id: string, title: WordName, more: WordName): Step {
  const { look } = place;
  const element = createElementId('CardStat', '1.0.0', 1, Date.now());
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
  return createStep(place, title, () => say(look.locale, more, { file: `data/screens/${id}.json` }), code);
}

/** How to bring data in. */
export function createPushStep(place: Place): Step {
  const code = `curl -d '{"value": 42}' \\\n  '${location.origin}/api/topics/demo/answer'`;
  return createStep(place, 'push', () => say(place.look.locale, 'pushMore'), code);
}

function createStep({ look, signal }: Place, title: WordName, more: () => string, code: string): Step {
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
  look.onChange(label, signal);
  return { element };
}
