import { expect, it } from 'vitest';
import { signTc3 } from './sign-tc3.ts';

const BODY = '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}';
const HEADERS = { 'content-type': 'application/json; charset=utf-8', host: 'cvm.tencentcloudapi.com' };
const shared = { service: 'cvm', body: BODY, timestamp: 1551113065 };

/** The worked example of Tencent's documentation, as three of its editions have it. */
it.each([
  [
    'AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******',
    'Gu5t9xGARNpq86cd98joQYCN3*******',
    HEADERS,
    'content-type;host',
    '2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c',
  ],
  [
    'AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE',
    'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE',
    HEADERS,
    'content-type;host',
    '72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168',
  ],
  [
    'AKID********************************',
    '********************************',
    { ...HEADERS, 'x-tc-action': 'DescribeInstances' },
    'content-type;host;x-tc-action',
    '10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f',
  ],
])('a question is signed as Tencent’s documentation signs it: %s', (secretId, secretKey, headers, names, signature) => {
  expect(signTc3({ ...shared, secretId, secretKey, headers })).toBe(
    `TC3-HMAC-SHA256 Credential=${secretId}/2019-02-25/cvm/tc3_request, SignedHeaders=${names}, Signature=${signature}`,
  );
});

it('the day is that of Greenwich', () => {
  const midnight = Date.UTC(2026, 10, 30) / 1000;
  const dayAt = (timestamp: number) => {
    const authorization = signTc3({ ...shared, secretId: 'a', secretKey: 'b', headers: HEADERS, timestamp });
    return /Credential=a\/([^/]*)\//.exec(authorization)?.[1];
  };
  expect([dayAt(midnight - 1), dayAt(midnight)]).toEqual(['2026-11-29', '2026-11-30']);
});

it('the order of headers makes no difference', () => {
  const backwards = Object.fromEntries(Object.entries(HEADERS).reverse()) as typeof HEADERS;
  const sign = (headers: typeof HEADERS) => signTc3({ ...shared, secretId: 'a', secretKey: 'b', headers });
  expect(sign(backwards)).toBe(sign(HEADERS));
});
