const HOST = String.raw`(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])`;
const ORIGIN = new RegExp(`^(https?)://(${HOST})(?::([1-9]\\d{0,4}))?$`);
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

/**
 * Whether a text is the origin of pages as browsers write it: `https://portal.example`, `http://10.0.0.7:8080`. No path, no
 * capitals, no port that goes without saying, no `*` and no `null`: it is compared letter by letter, and stands in headers.
 */
export function isFramingOrigin(text: string): boolean {
  const [, scheme = '', , port] = ORIGIN.exec(text) ?? [];
  return scheme !== '' && (port === undefined || (Number(port) <= 65_535 && port !== DEFAULT_PORTS[scheme]));
}
