import { describe, expect, it } from 'vitest';
import { definitions } from './definitions.ts';
import { componentTypes, loadComponent } from './load-component.ts';

describe('loadComponent', () => {
  it('knows every type that has a definition', () => {
    expect([...componentTypes].sort()).toEqual([...definitions.keys()].sort());
  });

  it('has nothing for a type that does not exist', () => {
    for (const type of ['Nothing', '', '__proto__', 'constructor', '../echarts', 'panel']) {
      expect(loadComponent(type)).toBeUndefined();
    }
  });
});
