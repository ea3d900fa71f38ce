const HERE = 'http://here.invalid';
const MOST_CHARACTERS = 2048;

/**
 * The path, query and fragment of an address that is one of this server; undefined when it could lead a browser anywhere else,
 * however it is written.
 */
export function pathHere(address: string): string | undefined {
  // `//host` and `/\host` are other hosts; line breaks and tabs are left out by browsers before they look.
  if (address.length > MOST_CHARACTERS || !/^\/(?![/\\])[^\\\s\p{Cc}]*$/u.test(address)) return undefined;
  if (!URL.canParse(address, HERE)) return undefined;
  const { origin, pathname, search, hash } = new URL(address, HERE);
  const path = `${pathname}${search}${hash}`;
  // A path like `/..//host` becomes `//host`.
  return origin === HERE && !path.startsWith('//') ? path : undefined;
}
