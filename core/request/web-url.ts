/** What is used of a URL. */
export interface WebUrl {
  readonly origin: string;
  pathname: string;
  search: string;
  readonly href: string;
  readonly searchParams: Iterable<[string, string]>;
}

// URLs are in every place we run in, but in no ECMAScript library file; this is their only door.
const host = globalThis as unknown as { readonly URL: new (text: string) => WebUrl };

/** An address, read. @throws TypeError when it is none */
export function webUrl(text: string): WebUrl {
  return new host.URL(text);
}
