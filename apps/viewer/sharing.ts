import type { VariableValue } from '@tidewall/screen';
import { ANSWER_TIMEOUT_MS, ApiError, apiErrorOf } from './api.ts';

/** What the server lets the page see that has opened a link. */
export interface OpenedShare {
  readonly token: string;
  readonly screen: string;
  /** Values of variables that are fixed. */
  readonly variables: Readonly<Record<string, VariableValue>>;
}

/** The part of a page's storage that is used; it throws where the browser forbids it. */
export type TokenStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** A link to a shared screen, as this page has opened it. */
export class Sharing {
  readonly id: string;
  readonly #link: object | undefined;
  readonly #storage: () => TokenStorage;
  readonly #lost: (failure: unknown) => void;
  #token: string | undefined;
  /** Whether the token was not yet used for a connect. */
  #fresh = false;

  /**
   * @param search what the address says behind `?`: the signature of a link that a key has signed
   * @param lost called when the link lets nobody in any more, or asks for something else
   */
  constructor(id: string, search: string, storage: () => TokenStorage, lost: (failure: unknown) => void) {
    this.id = id;
    this.#link = linkOf(new URLSearchParams(search));
    this.#storage = storage;
    this.#lost = lost;
    this.#token = this.#kept();
  }

  /** Opens it, or goes on with what this page was given before. Rejects with ApiError when it is refused, and as `fetch` does. */
  async open(password?: string): Promise<OpenedShare> {
    const opened = await this.#ask(password);
    this.#token = opened.token;
    this.#fresh = true;
    // A page that is loaded again is no other view.
    quietly(() => this.#storage().setItem(this.#key, opened.token));
    return opened;
  }

  /** What a connect shows. */
  async credentials(): Promise<{ readonly token: string }> {
    if (this.#token !== undefined && this.#fresh) {
      this.#fresh = false;
      return { token: this.#token };
    }
    await this.renew();
    this.#fresh = false;
    return { token: this.#token ?? '' };
  }

  /** Asks for a newer token, and says it when there is none for this page any more. Rejects as `open` does. */
  async renew(): Promise<void> {
    try {
      await this.open();
    } catch (failure) {
      if (failure instanceof ApiError && failure.status < 500 && failure.status !== 429) {
        quietly(() => this.#storage().removeItem(this.#key));
        this.#lost(failure);
      }
      throw failure;
    }
  }

  get #key(): string {
    return `tidewall.share.${this.id}`;
  }

  #kept(): string | undefined {
    let kept: string | null = null;
    quietly(() => {
      kept = this.#storage().getItem(this.#key);
    });
    return kept ?? undefined;
  }

  async #ask(password: string | undefined): Promise<OpenedShare> {
    const body = { token: this.#token, link: this.#link, password };
    const response = await fetch(`/api/shares/${encodeURIComponent(this.id)}/open`, {
      method: 'POST',
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      body: JSON.stringify(body),
    });
    if (!response.ok) throw await apiErrorOf(response);
    return (await response.json()) as OpenedShare;
  }
}

/** What a signed link says, in one of its two forms. */
function linkOf(search: URLSearchParams): object | undefined {
  const [sig, signature] = [search.get('sig'), search.get('signature')];
  if (sig !== null) {
    const variables = [...search].flatMap(([name, value]) => (name.startsWith('var.') ? [[name.slice(4), value]] : []));
    return { sig, expires: search.get('expires') ?? '', variables: Object.fromEntries(variables) as object };
  }
  if (signature === null) return undefined;
  return { signature, timestamp: search.get('timestamp') ?? '', nonce: search.get('nonce') ?? '' };
}

/** Where a browser forbids pages to keep something, the page does without. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // It is opened again when it is loaded again.
  }
}
