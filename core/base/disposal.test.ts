import { expect, test } from 'vitest';
import { Disposables } from './disposal.ts';

test('what was opened last is closed first', () => {
  const closed: string[] = [];
  const owner = new Disposables();
  const first = owner.add({ dispose: () => closed.push('first') });
  owner.defer(() => closed.push('second'));
  expect(first.dispose).toBeTypeOf('function');
  owner.dispose();
  expect(closed).toEqual(['second', 'first']);
});

test('disposing twice closes once', () => {
  let count = 0;
  const owner = new Disposables();
  owner.defer(() => count++);
  owner.dispose();
  owner.dispose();
  expect(count).toBe(1);
  expect(owner.disposed).toBe(true);
});

test('a step that throws does not stop the others, and all failures are told', () => {
  const closed: string[] = [];
  const owner = new Disposables();
  owner.defer(() => closed.push('a'));
  owner.defer(() => {
    throw new Error('b fails');
  });
  owner.defer(() => {
    throw new Error('c fails');
  });
  expect(() => owner.dispose()).toThrowError(AggregateError);
  expect(closed).toEqual(['a']);
});

test('what is added too late is closed at once', () => {
  const closed: string[] = [];
  const owner = new Disposables();
  owner.defer(() => {
    owner.defer(() => closed.push('opened while closing'));
    closed.push('step');
  });
  owner.dispose();
  owner.add({ dispose: () => closed.push('late') });
  expect(closed).toEqual(['opened while closing', 'step', 'late']);
});
