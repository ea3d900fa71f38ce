import type { Locale } from '@tidewall/browser-contracts';
import { createElement } from './create-element.ts';
import type { Page } from './page.ts';
import { nextAfter, type SignInWays } from './session.ts';
import { say, type WordName } from './words.ts';

/** Why a sign-in at a provider came to nothing, as the server says it in the address. */
const REASONS: Readonly<Record<string, WordName>> = {
  elsewhere: 'providerElsewhere',
  used: 'providerUsed',
  denied: 'providerDenied',
  answer: 'providerAnswer',
  unreachable: 'providerUnreachable',
  busy: 'providerBusy',
  internal: 'providerInternal',
};

export interface ProviderButtons {
  readonly element: HTMLElement;
  show(providers: SignInWays['providers']): void;
  /** Why the last try came to nothing; empty when none did. */
  refusal(): string;
}

/** A button for each provider that people may sign in by, and what became of the last try. */
export function createProviderButtons({ look, signal }: Pick<Page, 'look' | 'signal'>): ProviderButtons {
  const element = createElement('div', { class: 'providers', hidden: '' });
  let shown: SignInWays['providers'] = [];
  let links: readonly HTMLElement[] = [];
  const label = () => {
    for (const [at, link] of links.entries()) {
      link.textContent = say(look.locale, 'signInBy', { by: shown[at]?.label[look.locale] ?? '' });
    }
  };
  look.onChange(label, signal);
  return {
    element,
    show(providers) {
      shown = providers;
      const next = `?next=${encodeURIComponent(nextAfter(location.search))}`;
      links = providers.map(({ url }) => createElement('a', { class: 'primary', href: url + next }));
      element.replaceChildren(...links);
      element.hidden = links.length === 0;
      label();
    },
    refusal: () => refusalText(look.locale, shown),
  };
}

function refusalText(locale: Locale, providers: SignInWays['providers']): string {
  const said = new URLSearchParams(location.search);
  const reason = said.get('failed') ?? '';
  const provider = providers.find(({ name }) => name === said.get('by'));
  // Of a provider that is none the address may say what it wants.
  if (provider === undefined || !Object.hasOwn(REASONS, reason)) return '';
  return say(locale, REASONS[reason] as WordName, { by: provider.label[locale] });
}
