import { expect, test } from 'vitest';
import { screenSchema } from './schema.ts';

const ID = 'CardStat_1_0_0_1_1700000000000';
const OTHER = 'CardStat_1_0_0_2_1700000000000';

function screen(change: object = {}) {
  return {
    format: 1,
    id: 'hall-a',
    meta: { name: '大厅' },
    canvas: { width: 1920, height: 1080 },
    pages: [{ layers: [ID] }],
    elements: { [ID]: { type: 'CardStat', frame: { x: 0, y: 0, w: 100, h: 50 } } },
    ...change,
  };
}

function issueOf(value: unknown) {
  const result = screenSchema.safeParse(value);
  const issue = result.error?.issues[0];
  return issue && `${issue.path.join('.')}: ${issue.message}`;
}

test('[S1] the least that is a screen gets every default', () => {
  const parsed = screenSchema.parse(screen());
  expect(parsed.canvas.fit).toBe('contain');
  expect(parsed.theme).toBe('deep-sea');
  expect(parsed.elements[ID]).toMatchObject({
    version: '1.0.0',
    props: {},
    data: { transforms: [] },
    frame: { opacity: 1 },
  });
});

test('[S1] what was parsed parses to the same', () => {
  const parsed = screenSchema.parse(screen());
  expect(screenSchema.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
});

test('[S7] fields that this version does not know survive a load and a save, at every depth', () => {
  const newer = { future: { deep: [1] } };
  const element = {
    type: 'CardStat',
    frame: { x: 0, y: 0, w: 1, h: 1, ...newer },
    data: {
      ...newer,
      binding: { type: 'topic', topic: 'host/now', ...newer },
      transforms: [{ type: 'map', fields: { value: 'a', unit: { value: '%', ...newer } }, ...newer }],
    },
    ...newer,
  };
  const input = screen({
    ...newer,
    meta: { name: 'x', ...newer },
    canvas: { width: 100, height: 100, ...newer },
    pages: [{ layers: [ID], ...newer }],
    elements: { [ID]: element },
  });
  expect(screenSchema.parse(input)).toMatchObject(input);
});

test('[S8] a layer must name an element', () => {
  expect(issueOf(screen({ pages: [{ layers: [ID, OTHER] }] }))).toBe(`pages.0.layers.1: "${OTHER}" is no element`);
  expect(issueOf(screen({ pages: [{ layers: ['__proto__'] }] }))).toContain('is no element');
});

test('[S8] an alias belongs to one element', () => {
  const element = { type: 'CardStat', alias: 'cpu', frame: { x: 0, y: 0, w: 1, h: 1 } };
  expect(issueOf(screen({ elements: { [ID]: element, [OTHER]: element } }))).toBe(
    `elements.${OTHER}.alias: is the alias of ${ID} too`,
  );
});

test.each<[string, object, string]>([
  ['an id that could leave its folder', { id: '../hall' }, 'id'],
  ['an element id of another form', { pages: [{ layers: [] }], elements: { chart1: {} } }, 'elements.chart1'],
  ['no page', { pages: [] }, 'pages'],
  ['a canvas of no size', { canvas: { width: 0, height: 10 } }, 'canvas.width'],
  ['a format of a later time', { format: 2 }, 'format'],
  ['an unknown fit', { canvas: { width: 100, height: 100, fit: 'zoom' } }, 'canvas.fit'],
])('[S8] %s is refused by its place', (_, change, path) => {
  expect(issueOf(screen(change))?.split(':')[0]).toBe(path);
});

test('[S9] a frame may lie outside the canvas but has no negative size', () => {
  const at = (frame: object) => issueOf(screen({ elements: { [ID]: { type: 'CardStat', frame } } }));
  expect(at({ x: -50, y: -50, w: 10, h: 0 })).toBeUndefined();
  expect(at({ x: 0, y: 0, w: -1, h: 0 })?.split(':')[0]).toBe(`elements.${ID}.frame.w`);
});
