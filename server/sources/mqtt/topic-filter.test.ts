import { describe, expect, test } from 'vitest';
import { faultOfFilter, hasWildcard, levelsOf, levelsOverlap, matchesFilter } from './topic-filter.ts';

describe('a topic filter', () => {
  test.each(['a', 'a/b', '#', '+', 'a/#', '+/b/+', '/a', 'a//b', '$SYS/#', '$share/walls/a/#', 'ä b'])(
    '%s may be',
    (filter) => {
      expect(faultOfFilter(filter)).toBeUndefined();
    },
  );

  test.each(['a/#/b', 'a#', 'a+', 'a/+b', '#/a', 'a\u0000', '$share/walls', '$share//a', '$share/w+/a'])(
    '%j may not be',
    (filter) => {
      expect(faultOfFilter(filter)).toMatch(/^(has|must)/);
    },
  );

  // The examples of MQTT 5, 4.7.1.
  test.each([
    ['sport/tennis/player1/#', 'sport/tennis/player1', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
    ['sport/#', 'sport', true],
    ['#', 'a/b', true],
    ['#', '$SYS/monitor', false],
    ['+/monitor', '$SYS/monitor', false],
    ['$SYS/#', '$SYS/monitor', true],
    ['sport/tennis/+', 'sport/tennis/player1', true],
    ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['ACCOUNTS', 'Accounts', false],
    ['$share/walls/a/+', 'a/b', true],
  ])('%s and the topic %s: %s', (filter, topic, matches) => {
    expect(matchesFilter(filter, topic)).toBe(matches);
  });

  test.each([
    ['a/+', 'a/b', true],
    ['a/+', '+/b', true],
    ['a/#', '+/b/c', true],
    ['a/+', 'b/+', false],
    ['a/+', 'a/b/c', false],
    ['#', '$SYS/#', false],
    ['+/a', '$SYS/a', false],
  ])('%s and %s overlap: %s', (one, other, overlap) => {
    expect(levelsOverlap(levelsOf(one), levelsOf(other))).toBe(overlap);
    expect(levelsOverlap(levelsOf(other), levelsOf(one))).toBe(overlap);
  });

  test('has a wildcard or none, also behind the name of a group', () => {
    expect(['a', 'a/+', '#', '$share/w/a', '$share/w/+'].map(hasWildcard)).toEqual([false, true, true, false, true]);
  });
});
