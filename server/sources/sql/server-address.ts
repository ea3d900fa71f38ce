import type { TlsSettings } from '../tls-fields.ts';

/** Where a database is, and who asks it. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Empty: the server's own choice. */
  readonly database: string;
  readonly tls: TlsSettings | undefined;
}
