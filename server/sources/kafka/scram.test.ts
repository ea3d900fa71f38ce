import { expect, test } from 'vitest';
import { Scram } from './scram.ts';

// The example of RFC 7677, section 3.
const RFC = { hash: 'sha256', username: 'user', password: 'pencil', nonce: 'rOprNGfwEbeRWgbNEkqO' } as const;
const FIRST = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';

test('it says what RFC 7677 says, and believes what it says', async () => {
  const scram = new Scram(RFC);
  expect(scram.first).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO');
  expect(await scram.final(FIRST)).toBe(
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  );
  scram.verify('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
});

test('a server that does not know the password is not believed', async () => {
  const scram = new Scram(RFC);
  await scram.final(FIRST);
  expect(() => scram.verify('v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')).toThrow('somebody else answers');
  expect(() => scram.verify('')).toThrow('somebody else answers');
  expect(() => scram.verify('e=other-error')).toThrow('it says other-error');
});

test.each([
  ['', /does not fit/],
  ['r=another,s=QQ==,i=4096', /does not fit/],
  [`r=${RFC.nonce},s=QQ==,i=4096`, /does not fit/],
  [`r=${RFC.nonce}x,s=QQ==,i=10000000`, /asks for 10000000 rounds/],
  [`r=${RFC.nonce}x,s=QQ==,i=-1`, /rounds/],
  [`r=${RFC.nonce}x,s=QQ==`, /rounds/],
])('an answer that is none is refused: %j', async (answer, says) => {
  await expect(new Scram(RFC).final(answer)).rejects.toThrow(says);
});

test('commas and equals signs of a name are written as SCRAM wants them', () => {
  expect(new Scram({ ...RFC, username: 'a=b,c' }).first).toBe('n,,n=a=3Db=2Cc,r=rOprNGfwEbeRWgbNEkqO');
});
