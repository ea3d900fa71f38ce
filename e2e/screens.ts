/*
 * Screens that the tests look at, as their owners would write them. Every element has an alias, by which a test finds it.
 */

const element = (type: string, alias: string, frame: object, more: object = {}) => ({ type, alias, frame, ...more });
const topic = (name: string, more: object = {}) => ({ data: { binding: { type: 'topic', topic: name, ...more } } });

const screen = (id: string, canvas: object, elements: Record<string, object>) => ({
  format: 1,
  id,
  meta: { name: id },
  canvas: { width: 1200, height: 600, ...canvas },
  pages: [{ layers: Object.keys(elements) }],
  elements,
});

export const FEED = 'EventFeed_1_0_0_1_1700000000000';
export const NEWEST = 'CardStat_1_0_0_2_1700000000000';
export const SALES = 'ChartColumnBasic_1_0_0_3_1700000000000';
export const BROKEN = 'TableScroll_1_0_0_4_1700000000000';

/** Tall enough to show 200 entries of a log at once, so that every single one can be counted on the glass. */
export const tallScreen = screen(
  'tall',
  { width: 900, height: 3600, fit: 'none' },
  {
    [NEWEST]: element('CardStat', 'newest', { x: 0, y: 0, w: 900, h: 180 }, topic('wall/newest')),
    [FEED]: element(
      'EventFeed',
      'feed',
      { x: 0, y: 200, w: 900, h: 3400 },
      {
        props: { rowHeight: 16, time: false },
        ...topic('wall/log', { rewind: 500 }),
      },
    ),
  },
);

export const STREAM = 'ChartTimeStream_1_0_0_5_1700000000000';

/** Bound to topics that no configuration speaks of, so that their publishers alone say what they are. */
export const freeScreen = screen(
  'free',
  {},
  {
    [STREAM]: element('ChartTimeStream', 'stream', { x: 0, y: 0, w: 600, h: 600 }, topic('free/stream')),
    [FEED]: element('EventFeed', 'feed', { x: 600, y: 0, w: 600, h: 300 }, topic('free/log', { rewind: 50 })),
    [NEWEST]: element('CardStat', 'answer', { x: 600, y: 300, w: 600, h: 300 }, topic('free/answer')),
  },
);

/** Nothing is bound: each element is fed by pushes to its own topic. */
export const pushedScreen = screen(
  'pushed',
  {},
  {
    [SALES]: element('ChartColumnBasic', 'sales', { x: 0, y: 0, w: 600, h: 600 }),
    [NEWEST]: element('CardStat', 'answer', { x: 600, y: 0, w: 600, h: 300 }),
  },
);

/** An element whose source cannot work until its file is there. */
export const brokenScreen = screen(
  'broken',
  {},
  {
    [BROKEN]: element('TableScroll', 'orders', { x: 0, y: 0, w: 600, h: 600 }, topic('orders/table')),
    [NEWEST]: element('CardStat', 'other', { x: 600, y: 0, w: 600, h: 300 }, topic('wall/newest')),
  },
);
