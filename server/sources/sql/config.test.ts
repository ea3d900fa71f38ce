import type { JsonObject } from '@tidewall/base';
import type { SourceDefinition } from '@tidewall/contracts';
import { describe, expect, test } from 'vitest';
import { readSettings, settingsJsonSchema } from '../settings.ts';
import { parseSourceConfig } from '../source-config.ts';
import { definition as sqlite } from '../sqlite/definition.ts';
import { definition as sql } from './definition.ts';
import { readAddress } from './read-address.ts';

const definition = sql as SourceDefinition;
const query = 'SELECT 1';
const parse = (config: JsonObject) => parseSourceConfig('shop', sql, { query, ...config });

describe('the address of a database', () => {
  test.each([
    [
      'postgres://me:p%40ss@db.example/shop',
      { host: 'db.example', port: 5432, user: 'me', password: 'p@ss', database: 'shop' },
    ],
    ['postgresql://me@[::1]:6000', { host: '::1', port: 6000, user: 'me', password: '', database: '' }],
    ['mysql://me@db/shop', { host: 'db', port: 3306, user: 'me', password: '', database: 'shop' }],
    ['mariadb://me@db/a%2Fb', { host: 'db', port: 3306, user: 'me', password: '', database: 'a/b' }],
    ['clickhouse://me@db', { host: 'db', port: 8123, user: 'me', password: '', database: '' }],
  ])('%s', (url, address) => {
    expect(readAddress(parse({ url }))).toEqual({ ...address, tls: undefined });
  });

  test('may be told by its parts', () => {
    expect(readAddress(parse({ dialect: 'clickhouse', host: 'db', user: 'me', password: 'x', tls: {} }))).toEqual({
      ...{ host: 'db', port: 8443, user: 'me', password: 'x', database: '', tls: { insecure: false } },
    });
  });

  test.each([
    [{}, 'sources.shop.dialect: must be given where there is no url'],
    [{ dialect: 'postgres', host: 'db' }, 'sources.shop.user: must be given where there is no url'],
    [{ dialect: 'oracle', host: 'db', user: 'me' }, 'sources.shop.dialect'],
    [{ url: 'postgres://me@db', host: 'db' }, 'sources.shop.host: must be absent where there is a url'],
    [{ url: 'http://me@db' }, 'sources.shop.url: must be an address like postgres://'],
    [{ url: 'postgres://db/shop' }, 'sources.shop.url: must name the user'],
    [{ url: 'postgres://me:s3cret%@db' }, 'sources.shop.url: must write % as %25'],
    [{ url: 'postgres://me:s3cret@db/x?options=-c' }, 'sources.shop.url: may have sslmode'],
    [{ url: 'postgres://me:s3cret@db/x?sslmode=s3cret' }, 'sources.shop.url: may have sslmode'],
    [{ url: 'postgres://me:s3c/ret@db' }, 'sources.shop.url: must be an address like'],
    [{ url: 'postgres://me:s3cret@%2Fvar%2Frun/x' }, 'sources.shop.url: must be an address like'],
    [
      { dialect: 'postgres', host: '/var/run/postgresql', user: 'me' },
      'sources.shop.host: must be the name or the address',
    ],
    [{ url: 'mysql://me@10.0.0.1/x', tls: {} }, 'sources.shop.tls: must have serverName'],
    [{ url: 'clickhouse://me@db', tls: { serverName: 'x' } }, 'sources.shop.tls: may have ca and insecure'],
    [{ url: 'postgres://me@db', tls: { ca: 'no certificate' } }, 'sources.shop.tls.ca: must be a certificate in PEM'],
    [{ url: 'postgres://me@db', timezone: 'Mars/Olympus' }, 'sources.shop.timezone: must be a time zone'],
    [{ url: 'postgres://me@db', query: 'DELETE FROM t' }, 'sources.shop.query: must ask'],
    [
      { url: 'postgres://me@db', topicKind: 'state', cursor: { column: 'id', start: 0 } },
      'sources.shop.cursor: must be absent',
    ],
    [{ url: 'postgres://me@db', cursor: { column: 'id', start: 0 } }, 'sources.shop.keyField: must be given'],
    [{ url: 'postgres://me@db', intervalMs: 5 }, 'sources.shop.intervalMs'],
    [{ url: 'postgres://me@db', maxRows: 0 }, 'sources.shop.maxRows'],
  ])('and the rest that is %j is refused by field', (config, sentence) => {
    const refused = () => parse(config as JsonObject);
    expect(refused).toThrow(sentence as string);
    expect(refused).not.toThrow(/s3c/);
  });

  test('at the limit of characters of its query is taken', () => {
    expect(parse({ url: 'mysql://me@db/x', query: `SELECT '${'x'.repeat(99_991)}'` }).query).toHaveLength(100_000);
  });
});

test.each([sql, sqlite])('the example of the kind $kind is one that is taken, and its form can be made', (kind) => {
  const reading = readSettings(kind as SourceDefinition, kind.example);
  expect(reading).toHaveProperty('checked');
  expect(settingsJsonSchema(kind as SourceDefinition)).toMatchObject({
    properties: { query: { type: 'string' }, params: {} },
  });
});

test('only files are a matter of the configuration alone', () => {
  expect([definition.reaches, sqlite.reaches]).toEqual([undefined, 'file']);
});
