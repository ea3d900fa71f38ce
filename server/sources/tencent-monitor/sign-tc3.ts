import { createHash, createHmac } from 'node:crypto';

const ALGORITHM = 'TC3-HMAC-SHA256';

export interface Tc3Request {
  readonly secretId: string;
  readonly secretKey: string;
  /** The first part of the host that is asked: `monitor`. */
  readonly service: string;
  /** Headers that are signed, by their small names; `content-type` and `host` at least. */
  readonly headers: Readonly<Record<string, string>>;
  /** What is posted, as it is sent. */
  readonly body: string;
  /** Seconds since 1970, as the header `X-TC-Timestamp` says too. */
  readonly timestamp: number;
}

/**
 * The header `Authorization` of a question to Tencent Cloud, posted to `/` without a query (signature method v3,
 * https://www.tencentcloud.com/document/product/213/33224).
 */
export function signTc3({ secretId, secretKey, service, headers, body, timestamp }: Tc3Request): string {
  // Of that time in Greenwich, wherever this machine is.
  const date = new Date(timestamp * 1000).toISOString().slice(0, 10);
  const scope = `${date}/${service}/tc3_request`;
  const signed = Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');
  const lines = signed.map(([name, value]) => `${name}:${value.trim().toLowerCase()}\n`).join('');
  const request = ['POST', '/', '', lines, names, sha256(body)].join('\n');
  const text = [ALGORITHM, timestamp, scope, sha256(request)].join('\n');
  const key = hmac(hmac(hmac(`TC3${secretKey}`, date), service), 'tc3_request');
  const signature = hmac(key, text).toString('hex');
  return `${ALGORITHM} Credential=${secretId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
