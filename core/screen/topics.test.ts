import { describe, expect, test } from 'vitest';
import { elementTopic, parseScreenTopic, variablesTopic } from './topics.ts';

describe('topics of a screen', () => {
  test('what was made is known again', () => {
    const id = 'CardStat_1_0_0_1_1700000000000';
    expect(parseScreenTopic(elementTopic('hall', id))).toEqual({ type: 'element', screen: 'hall', element: id });
    expect(parseScreenTopic(variablesTopic('hall'))).toEqual({ type: 'variables', screen: 'hall' });
    const prefixed = `component/${id}`;
    expect(parseScreenTopic(elementTopic('hall', prefixed))).toMatchObject({ element: prefixed });
  });

  test.each([
    ...['', 'screens', 'screens/hall', 'screens/hall/elements', 'screens/hall/elements/', 'screens/hall/variables/a'],
    ...['a/screens/hall/variables', 'screens//variables', 'screens/a/b/variables', 'screen/hall/variables'],
  ])('"%s" is no topic of a screen', (topic) => expect(parseScreenTopic(topic)).toBeUndefined());
});
