import type { Locale } from '@tidewall/browser-contracts';
import { ApiError } from './api.ts';
import { createElement } from './create-element.ts';
import { failureText } from './failure-text.ts';
import { createIconButton } from './icon-button.ts';
import type { Page } from './page.ts';
import { createProviderButtons } from './provider-buttons.ts';
import { fetchSession, fetchSignInWays, isUnauthenticated, nextAfter, setUp, signIn } from './session.ts';
import { say } from './words.ts';

/** Signing in, at `/login`; and making the first admin, at `/setup#<token>`. */
export function showSignIn(page: Page, mode: 'login' | 'setup'): void {
  const { root, look, signal } = page;
  const token = mode === 'setup' ? location.hash.slice(1) : '';
  // Good once, but for whoever reads it first: it stays in no history.
  if (token !== '') history.replaceState(null, '', '/setup');

  const heading = createElement('h1');
  const hint = createElement('p', { class: 'quiet' });
  const name = field('name', 'text', 'username', mode === 'setup' ? 'admin' : '');
  const password = field('password', 'password', mode === 'setup' ? 'new-password' : 'current-password', '');
  const submit = createElement('button', { class: 'primary', type: 'submit' });
  const status = createElement('p', { class: 'form-status', role: 'alert' });
  const byPassword = [name.label, password.label, submit];
  const providers = createProviderButtons(page);
  const form = createElement('form', { class: 'sign-in' }, heading, hint, ...byPassword, providers.element, status);
  let failure: unknown;
  let noAdmin = false;

  const label = () => {
    const { locale } = look;
    document.title = `${say(locale, mode === 'setup' ? 'setUp' : 'signIn')} · Tidewall 潮屏`;
    heading.textContent = say(locale, mode === 'setup' ? 'setUp' : 'signIn');
    hint.textContent = mode === 'setup' ? say(locale, 'setUpMore') : noAdmin ? say(locale, 'noAdmin') : '';
    name.text.textContent = say(locale, 'userName');
    password.text.textContent = say(locale, 'password');
    submit.textContent = say(locale, mode === 'setup' ? 'setUp' : 'signIn');
    status.textContent = failure === undefined ? providers.refusal() : refusalText(locale, mode, failure);
  };

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit.disabled = true;
    const given = [name.input.value.trim(), password.input.value] as const;
    (mode === 'setup' ? setUp(token, ...given) : signIn(...given)).then(
      () => location.replace(nextAfter(location.search)),
      (why: unknown) => {
        failure = why;
        submit.disabled = false;
        label();
        password.input.focus();
        password.input.select();
      },
    );
  });
  root.append(
    createElement(
      'main',
      { class: 'sign-in-page' },
      createElement('img', { src: '/favicon.svg', alt: '', width: '56', height: '56' }),
      form,
      createElement(
        'div',
        { class: 'buttons' },
        createIconButton(page, 'theme', 'themeButton', () => look.nextTheme()),
        createIconButton(page, 'language', 'languageButton', () => look.nextLocale()),
      ),
    ),
  );
  look.onChange(label, signal);
  label();
  if (mode === 'setup') password.input.focus();
  else {
    // Which ways there are is known in a moment: a form that goes away again helps nobody.
    for (const part of byPassword) part.hidden = true;
    const show = (passwords: boolean) => {
      for (const part of byPassword) part.hidden = !passwords;
      label();
      if (passwords) name.input.focus();
    };
    fetchSignInWays().then(
      (ways) => {
        providers.show(ways.providers);
        show(ways.passwords);
      },
      () => show(true),
    );
    fetchSession().then(
      ({ setup }) => {
        noAdmin = setup;
        label();
      },
      () => {},
    );
  }
}

function refusalText(locale: Locale, mode: 'login' | 'setup', failure: unknown): string {
  if (isUnauthenticated(failure)) return say(locale, mode === 'login' ? 'wrongPassword' : 'usedLink');
  if (failure instanceof ApiError && failure.status === 429) return say(locale, 'tooManyTries');
  return failureText(locale, failure);
}

function field(
  id: string,
  type: string,
  autocomplete: 'username' | 'new-password' | 'current-password',
  value: string,
) {
  const limits = type === 'password' && autocomplete === 'new-password' ? { minlength: '10' } : {};
  const input = createElement('input', { id, name: id, type, autocomplete, value, required: '', ...limits });
  const text = createElement('span');
  return { input, text, label: createElement('label', { for: id }, text, input) };
}
