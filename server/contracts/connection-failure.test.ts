import { expect, test } from 'vitest';
import { CONNECTION_CUT, connectionFailure } from './connection-failure.ts';

test.each([
  ['ECONNREFUSED', 'nothing listens there'],
  ['ECONNRESET', CONNECTION_CUT],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its certificate is of an authority that is not known; name it in ca'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is signed by itself; name it in ca, or set insecure'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'it breaks TLS off (unsupported_protocol)'],
])('%s is told with its cure', (code, sentence) => {
  expect(connectionFailure(code)).toBe(sentence);
});

test('what means something else on each wire, or nothing, is left to who speaks it', () => {
  for (const code of ['EPROTO', 'ERR_TLS_CERT_ALTNAME_INVALID', 'constructor', ''])
    expect(connectionFailure(code)).toBeUndefined();
});
