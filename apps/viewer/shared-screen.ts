import { ApiError, fetchScreen } from './api.ts';
import { createElement } from './create-element.ts';
import { failureText } from './failure-text.ts';
import type { Page } from './page.ts';
import { showScreen } from './screen-page.ts';
import type { OpenedShare, Sharing } from './sharing.ts';
import { say, type WordName } from './words.ts';

const AGAIN_MS = 5000;

/** A page before it is known whether there is anything to connect for. */
export type BarePage = Pick<Page, 'root' | 'look' | 'signal'>;

/** A shared screen, at `/share/<id>`; what it asks for before it is shown, or why it is not. */
export async function showSharedScreen(page: BarePage, sharing: Sharing, connect: () => Page): Promise<void> {
  try {
    const opened = await sharing.open();
    await show(connect(), opened);
  } catch (failure) {
    if (asksPassword(failure)) showPassword(page, sharing, connect);
    else showRefusal(page, sharing, connect, failure);
  }
}

async function show(page: Page, { screen, token, variables }: OpenedShare): Promise<void> {
  showScreen(page, await fetchScreen(screen, page.signal, token), { fixed: variables, shared: true });
}

function showPassword(page: BarePage, sharing: Sharing, connect: () => Page): void {
  const { root, look } = page;
  const over = new AbortController();
  const heading = createElement('h1');
  const text = createElement('span');
  const input = createElement('input', { id: 'password', type: 'password', autocomplete: 'off', required: '' });
  const submit = createElement('button', { class: 'primary', type: 'submit' });
  const status = createElement('p', { class: 'form-status', role: 'alert' });
  const label = createElement('label', { for: 'password' }, text, input);
  const form = createElement('form', { class: 'sign-in' }, heading, label, submit, status);
  const main = createElement('main', { class: 'sign-in-page' }, form);
  let failure: unknown;
  const draw = () => {
    const { locale } = look;
    document.title = 'Tidewall 潮屏';
    heading.textContent = say(locale, 'sharePassword');
    text.textContent = say(locale, 'password');
    submit.textContent = say(locale, 'shareOpen');
    const word = refusalWord(failure);
    status.textContent =
      failure === undefined ? '' : word === undefined ? failureText(locale, failure) : say(locale, word);
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit.disabled = true;
    sharing
      .open(input.value)
      .then(async (opened) => {
        over.abort();
        main.remove();
        await show(connect(), opened);
      })
      .catch((why: unknown) => {
        failure = why;
        submit.disabled = false;
        draw();
        input.select();
      });
  });
  root.append(main);
  look.onChange(draw, over.signal);
  draw();
  input.focus();
}

function showRefusal(page: BarePage, sharing: Sharing, connect: () => Page, failure: unknown): void {
  const { root, look } = page;
  const over = new AbortController();
  const status = createElement('p', { class: 'centered', role: 'status' });
  const draw = () => {
    document.title = 'Tidewall 潮屏';
    const word = refusalWord(failure);
    status.textContent = word === undefined ? failureText(look.locale, failure) : say(look.locale, word);
  };
  root.append(status);
  look.onChange(draw, over.signal);
  draw();
  // A link that is not good stays so; a server that cannot be asked is asked again.
  if (failure instanceof ApiError && failure.status < 500 && failure.status !== 429) return;
  setTimeout(() => {
    over.abort();
    status.remove();
    void showSharedScreen(page, sharing, connect);
  }, AGAIN_MS);
}

function asksPassword(failure: unknown): boolean {
  return failure instanceof ApiError && failure.status === 401 && failure.detail['asks'] === 'password';
}

function refusalWord(failure: unknown): WordName | undefined {
  if (!(failure instanceof ApiError)) return undefined;
  if (asksPassword(failure)) return 'shareWrongPassword';
  if (failure.code === 'permission_denied') return 'shareNotFromHere';
  if (failure.code === 'limit_exceeded') return 'shareUsedUp';
  if (failure.status === 429) return 'tooManyTries';
  return failure.status === 401 || failure.status === 404 ? 'shareGone' : undefined;
}
