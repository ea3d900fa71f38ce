import { expect, test } from 'vitest';
import { reconnectWindowMs } from './reconnect-window.ts';

test.each([
  [0, [500, 1000]],
  [3, [500, 1000]],
  [1000, [500, 2000]],
  [5000, [500, 8000]],
  [1_000_000, [500, 20_000]],
])('[W36] %d clients come back within %j ms', (clients, window) => expect(reconnectWindowMs(clients)).toEqual(window));
