import { expect, test } from 'vitest';
import { settingsTable } from './settings-table.ts';

test('each pattern is a line of what is said of it', () => {
  const rows = [
    { pattern: 'plant/+/oee', from: 'api', kind: 'table', keyField: 'sku', schema: { type: 'object' } },
    { pattern: '#', from: 'file', keep: { count: 5 }, readOnly: true },
  ];
  expect(settingsTable(rows).split('\n')).toEqual([
    'PATTERN      FROM  KIND   ELSE',
    'plant/+/oee  api   table  keyField=sku schema',
    '#            file  -      keep={"count":5} readOnly=true',
    '',
  ]);
});
