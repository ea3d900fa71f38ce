import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a TLS server shows, as PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** An authority that nobody knows, made for a test. */
export interface TestAuthority {
  /** Its own certificate, as PEM. */
  readonly ca: string;
  /** @param names alternative names as OpenSSL writes them: `IP:127.0.0.1`, `DNS:localhost` */
  issue(...names: readonly string[]): TestCertificate;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes an authority with the `openssl` of this machine; nothing of it stays on the disk. */
export function createTestAuthority(): TestAuthority {
  const ca = inFolder((folder) => {
    openssl(
      folder,
      'req',
      '-x509',
      ...KEY,
      '-keyout',
      'key',
      '-out',
      'cert',
      '-days',
      '2',
      '-subj',
      '/CN=Test authority',
    );
    return pairOf(folder);
  });
  return {
    ca: ca.cert,
    issue: (...names) =>
      inFolder((folder) => {
        writeFileSync(join(folder, 'ca'), ca.cert);
        writeFileSync(join(folder, 'ca-key'), ca.key);
        writeFileSync(join(folder, 'names'), `subjectAltName=${names.join(',')}\n`);
        openssl(folder, 'req', ...KEY, '-keyout', 'key', '-out', 'request', '-subj', '/CN=Test');
        const by = ['-CA', 'ca', '-CAkey', 'ca-key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
        openssl(folder, 'x509', '-req', '-in', 'request', '-out', 'cert', ...by);
        return pairOf(folder);
      }),
  };
}

function inFolder<Made>(make: (folder: string) => Made): Made {
  const folder = mkdtempSync(join(tmpdir(), 'tidewall-authority-'));
  try {
    return make(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pairOf(folder: string): TestCertificate {
  return { cert: readFileSync(join(folder, 'cert'), 'utf8'), key: readFileSync(join(folder, 'key'), 'utf8') };
}

function openssl(folder: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${error?.message ?? stderr}`);
}
