import { z } from 'zod';

/** Schemes of one protocol, by their name with its colon. */
export type ServerSchemes = Readonly<Record<string, { readonly port: number; readonly tls: boolean }>>;

/** Where a server is. */
export interface ServerPlace {
  /** Without the brackets of an address of version 6. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** The address of a server in a configuration, which holds no secret. @param example what the complaint shows */
export function serverUrlField(schemes: ServerSchemes, example: string) {
  return z
    .string()
    .max(1024)
    .superRefine((text, context) => {
      const fault = faultOf(text, schemes, example);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    });
}

/** What such an address says. */
export function serverPlace(url: string, schemes: ServerSchemes): ServerPlace {
  const { protocol, hostname, port } = new URL(url);
  const scheme = schemes[protocol];
  if (scheme === undefined) throw new TypeError(`${url} has a scheme that its setting does not take`);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || scheme.port), tls: scheme.tls };
}

function faultOf(text: string, schemes: ServerSchemes, example: string): string | undefined {
  const must = `must be an address like ${example}`;
  if (!URL.canParse(text)) return must;
  const { protocol, hostname, port, pathname, search, hash, username, password } = new URL(text);
  if (!Object.hasOwn(schemes, protocol) || hostname === '' || port === '0') return must;
  if (username !== '' || password !== '') return 'must hold no name and no password: they have settings of their own';
  return pathname.replace('/', '') + search + hash === '' ? undefined : `${must}, with nothing behind it`;
}
