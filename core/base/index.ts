export { assert, assertNever } from './assert.ts';
export { type BackoffLimits, backoffMs } from './backoff.ts';
export type { Brand } from './brand.ts';
export { type Clock, systemClock } from './clock.ts';
export { type Disposable, Disposables } from './disposal.ts';
export {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  MAX_JSON_DEPTH,
  parseJson,
  setOwn,
  toJsonLine,
} from './json.ts';
export { applyMergePatch, composeMergePatches, createMergePatch, equalJson, mergeInPlace } from './merge-patch.ts';
export { Ring } from './ring.ts';
