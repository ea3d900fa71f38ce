import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type ConnectionOptions, rootCertificates } from 'node:tls';
import { z } from 'zod';

const MOST_PEM_CHARACTERS = 256 * 1024;
const pem = () => z.string().max(MOST_PEM_CHARACTERS);

/** The fields that say whom it takes for its far end. */
export const TLS_ADDRESSES = ['ca', 'insecure', 'serverName'] as const;

/** How a source that connects over TLS checks its far end, and shows itself. `key` is a secret. */
export const tlsFields = {
  ca: pem()
    .refine(isCertificate, 'must be a certificate in PEM: -----BEGIN CERTIFICATE----- …')
    .optional()
    .describe("TLS: PEM of the authorities that are trusted beside the system's"),
  insecure: z.boolean().default(false).describe('TLS: whether a certificate that nobody vouches for is taken'),
  serverName: z
    .string()
    .min(1)
    .max(253)
    .refine((name) => isIP(name) === 0, 'must be a name, not an address')
    .optional()
    .describe('TLS: the name that the certificate is for, when that is not the host'),
  cert: pem()
    .refine(isCertificate, 'must be a certificate in PEM: -----BEGIN CERTIFICATE----- …')
    .optional()
    .describe('TLS: PEM of the certificate that it shows of itself'),
  key: pem()
    .refine(isPrivateKey, 'must be a private key in PEM, without a passphrase: -----BEGIN PRIVATE KEY----- …')
    .optional()
    .describe('TLS: PEM of the key of that certificate'),
};

export interface TlsSettings {
  readonly ca?: string | undefined;
  readonly insecure: boolean;
  readonly serverName?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** For `superRefine`: a certificate and its key go together. */
export function checkTls({ cert, key }: Pick<TlsSettings, 'cert' | 'key'>, context: z.core.$RefinementCtx): void {
  if ((cert === undefined) === (key === undefined)) return;
  const path = cert === undefined ? 'cert' : 'key';
  const other = cert === undefined ? 'key' : 'cert';
  context.addIssue({ code: 'custom', path: [path], message: `must be given with ${other}` });
}

/** For `tls.connect`. The name that is asked for and checked stays that of the host, also where an address is connected to. */
export function tlsOptions({ ca, insecure, serverName, cert, key }: TlsSettings, host: string): ConnectionOptions {
  const servername = serverName ?? (isIP(host) === 0 ? host : undefined);
  return {
    rejectUnauthorized: !insecure,
    ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
    ...(servername === undefined ? {} : { servername }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).subject !== null;
  } catch {
    return false;
  }
}

function isPrivateKey(text: string): boolean {
  try {
    return createPrivateKey(text).type === 'private';
  } catch {
    return false;
  }
}
