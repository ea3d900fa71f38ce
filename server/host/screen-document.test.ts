import { expect, test } from 'vitest';
import { parseScreen, ScreenFault } from './screen-document.ts';
import { testScreen } from './test-screen.ts';

const STAT = 'CardStat_1_0_0_1_1700000000000';
const GAUGE = 'Gauge_1_0_0_2_1700000000000';

const faultOf = (document: unknown) => {
  try {
    parseScreen(typeof document === 'string' ? document : JSON.stringify(document));
    return undefined;
  } catch (failure) {
    expect(failure).toBeInstanceOf(ScreenFault);
    return (failure as ScreenFault).message;
  }
};

test('a screen is read with its defaults, and what is not known stays in it', () => {
  const { screen, json } = parseScreen(JSON.stringify({ ...testScreen('hall', { [STAT]: {} }), later: { x: 1 } }));
  expect(screen.theme).toBe('deep-sea');
  expect(screen.elements[STAT]?.data).toEqual({ transforms: [] });
  expect(JSON.parse(json)).toMatchObject({ later: { x: 1 } });
});

test('the revision changes with the document and with nothing else', () => {
  const one = JSON.stringify(testScreen('hall'));
  expect(parseScreen(one).revision).toBe(parseScreen(` ${one}`).revision);
  expect(parseScreen(one).revision).not.toBe(parseScreen(JSON.stringify(testScreen('hall2'))).revision);
});

test.each<[unknown, string]>([
  ['{"format": 1,}', 'it is not JSON at line 1, column 14: expected a member name in double quotes, got "}"'],
  [{ ...testScreen('hall'), format: 2 }, 'format must be 1, got 2'],
  [testScreen('Hall'), 'id must match /^[a-z0-9][a-z0-9_-]{0,63}$/, got "Hall"'],
  [
    testScreen('hall', { [STAT]: { frame: { x: 0, y: 0, w: -4, h: 1 } } }),
    `elements.${STAT}.frame.w must be at least 0, got -4`,
  ],
  [
    testScreen('hall', { [STAT]: { data: { binding: { type: 'topic' } } } }),
    `elements.${STAT}.data.binding.topic is missing: it must be a text`,
  ],
  [
    testScreen('hall', { [STAT]: { data: { binding: { type: 'topic', topic: 'a b' } } } }),
    `elements.${STAT}.data.binding.topic: topic name "a b" has "a b": a part may hold letters, digits and . _ ~ : @ = , $ -`,
  ],
  [
    testScreen('hall', { [STAT]: { alias: 'twin' }, [GAUGE]: { alias: 'twin' } }),
    `elements.${GAUGE}.alias is the alias of ${STAT} too, got "twin"`,
  ],
  [{ ...testScreen('hall'), pages: [{ layers: ['x'] }] }, 'pages[0].layers[0] "x" is no element, got "x"'],
  [[], 'the document must be an object, got []'],
])('%j is refused with the place', (document, message) => {
  expect(faultOf(document)).toBe(message);
});
