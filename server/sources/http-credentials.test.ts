import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { credentialsOf, secretsOf, withoutSecrets } from './http-credentials.ts';
import { authField, headersFields, httpUrlField } from './http-fields.ts';

const headers = z.strictObject(headersFields);
const faults = (result: { error?: z.ZodError | undefined }) =>
  (result.error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`);

describe('headers of a configuration', () => {
  it.each(['Authorization', 'cookie', 'PROXY-AUTHORIZATION'])('%s is a secret, and must be told as one', (name) => {
    expect(faults(headers.safeParse({ headers: { [name]: 'x' } }))[0]).toContain('belongs in auth or secretHeaders');
    expect(headers.safeParse({ secretHeaders: { [name]: 'x' } }).success).toBe(true);
  });

  it.each(['Host', 'content-length', 'Transfer-Encoding', 'connection', 'Upgrade', 'te', 'expect', 'accept-encoding'])(
    '%s is the matter of the connection',
    (name) => {
      for (const field of ['headers', 'secretHeaders']) {
        expect(faults(headers.safeParse({ [field]: { [name]: 'x' } }))[0]).toContain('matter of the connection');
      }
    },
  );

  it.each(['', 'a b', 'a:b', 'a\r\nb', 'é', 'a"', '('])('%j is no name of one', (name) => {
    expect(faults(headers.safeParse({ headers: { [name]: 'x' } }))[0]).toContain('is no name of a header');
  });

  it.each(['a\r\nb: c', 'a\nb', '\u0000', 'é'])('%j is no value of one', (value) => {
    expect(headers.safeParse({ headers: { a: value } }).success).toBe(false);
    expect(headers.safeParse({ secretHeaders: { a: value } }).success).toBe(false);
  });
});

it.each([
  ['http://user:pass@h.test/', 'must hold no user and no password'],
  ['http://h.test/#x', 'must hold no #'],
  ['ftp://h.test/', 'must begin with http:// or https://'],
  ['h.test', 'must be an address like'],
  ['/path', 'must be an address like'],
])('an address that is none: %s', (url, fault) => {
  expect(faults(z.strictObject({ url: httpUrlField }).safeParse({ url }))[0]).toContain(`url ${fault}`);
});

describe('credentials', () => {
  const of = (auth: object) => credentialsOf(authField.parse(auth) as Parameters<typeof credentialsOf>[0]);

  it('are a header, or a part of the query', () => {
    expect(of({ type: 'basic', user: 'Aladdin', password: 'open sesame' }).headers).toEqual({
      authorization: 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
    });
    expect(of({ type: 'basic', user: 'test', password: '123£' }).headers).toEqual({
      authorization: 'Basic dGVzdDoxMjPCow==',
    });
    expect(of({ type: 'bearer', token: 'abc' }).headers).toEqual({ authorization: 'Bearer abc' });
    expect(of({ type: 'key', name: 'X-Api-Key', secret: 'abc' }).headers).toEqual({ 'x-api-key': 'abc' });
    expect(of({ type: 'key', in: 'query', name: 'appid', secret: 'abc' }).query).toEqual({ appid: 'abc' });
    expect(credentialsOf(undefined)).toEqual({ headers: {}, query: {} });
  });

  it.each([
    { type: 'basic', user: 'a:b', password: 'c' },
    { type: 'bearer', token: 'a\r\nx: y' },
    { type: 'key', name: 'a b', secret: 'c' },
    { type: 'key', name: 'a', secret: 'c\n' },
    { type: 'digest' },
  ])('that cannot be sent are refused: %j', (auth) => expect(authField.safeParse(auth).success).toBe(false));
});

describe('a sentence of the far end', () => {
  it.each([
    [{ type: 'basic', user: 'u', password: 'p4ss/w?rd' }, ['p4ss/w?rd', 'p4ss%2Fw%3Frd', 'dTpwNHNzL3c/cmQ=']],
    [{ type: 'bearer', token: 'tok.en=' }, ['tok.en=', 'Bearer tok.en=', 'tok.en%3D']],
    [{ type: 'key', name: 'k', secret: 's3cret key' }, ['s3cret key', 's3cret%20key']],
    [{ type: 'oauth2', tokenUrl: 'http://h', clientId: 'c', clientSecret: 'cl13nt' }, ['cl13nt']],
  ])('repeats no secret, however it is written: %j', (auth, spellings) => {
    const secrets = secretsOf({ auth: authField.parse(auth) });
    for (const spelling of spellings) {
      const sentence = withoutSecrets(`you said ${spelling} to me`, secrets);
      expect(sentence).toContain('***');
      for (const secret of secrets) expect(sentence).not.toContain(secret);
    }
  });

  it('repeats no part of a secret header', () => {
    const secrets = secretsOf({ secretHeaders: { authorization: 'Token abcdef', cookie: 'session=ghijkl; x=mnopqr' } });
    for (const part of ['abcdef', 'ghijkl', 'mnopqr']) expect(withoutSecrets(`bad ${part}`, secrets)).toBe('bad ***');
  });

  it('keeps its words where a secret is so short that it is part of them', () => {
    expect(withoutSecrets('no such table', ['no', ''])).toBe('no such table');
  });
});
