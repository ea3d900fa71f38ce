import { isJsonObject, type JsonObject, type JsonValue, setOwn } from './json.ts';

/**
 * The value after the patch, by RFC 7396: a null removes a member, an object goes deeper, anything else replaces.
 * Neither argument is changed, and what the patch does not touch is shared with `target`.
 */
export function applyMergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return patch;
  const result: JsonObject = {};
  if (isJsonObject(target)) for (const name of Object.keys(target)) setOwn(result, name, target[name]);
  for (const name of Object.keys(patch)) {
    const change = patch[name] as JsonValue;
    if (change === null) delete result[name];
    else {
      const before = Object.hasOwn(result, name) ? result[name] : undefined;
      setOwn(result, name, applyMergePatch(before, change));
    }
  }
  return result;
}

/**
 * As `applyMergePatch`, but changes `target`, and takes parts of `patch` into it: for an owner of both. It costs what
 * the patch weighs, whatever the size of the target.
 */
export function mergeInPlace(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return patch;
  const result: JsonObject = isJsonObject(target) ? target : {};
  for (const name of Object.keys(patch)) {
    const change = patch[name] as JsonValue;
    if (change === null) delete result[name];
    else setOwn(result, name, mergeInPlace(Object.hasOwn(result, name) ? result[name] : undefined, change));
  }
  return result;
}

/**
 * One patch that does what `first` and then `second` do, to any target; undefined where no merge patch can say it.
 *
 * RFC 7396 is not closed under composition: "remove `a`, then set `a.b`" needs to replace `a` with an object, and an
 * object in a merge patch never replaces. The caller sends the whole value then.
 */
export function composeMergePatches(first: JsonValue, second: JsonValue): JsonValue | undefined {
  if (!isJsonObject(second)) return second;
  if (!isJsonObject(first)) return undefined;
  const result: JsonObject = {};
  for (const name of Object.keys(first)) setOwn(result, name, first[name]);
  for (const name of Object.keys(second)) {
    const change = second[name] as JsonValue;
    if (!isJsonObject(change) || !Object.hasOwn(first, name)) {
      setOwn(result, name, change);
      continue;
    }
    const composed = composeMergePatches(first[name] as JsonValue, change);
    if (composed === undefined) return undefined;
    setOwn(result, name, composed);
  }
  return result;
}

/**
 * The smallest patch (RFC 7396) with which `before` becomes equal to `after`, as `equalJson` says; undefined where no
 * merge patch can say it: a member that becomes null, or is new and has a null inside, since a null removes.
 *
 * Equal objects give an empty patch, which is not "nothing": it makes an object of what is none. What is no object is
 * its own patch, equal or not. The members of the patched value may stand in another order than in `after`, which JSON
 * does not count. Neither value is changed; the patch shares parts with `after`.
 */
export function createMergePatch(before: JsonValue | undefined, after: JsonValue): JsonValue | undefined {
  if (!isJsonObject(after)) return after;
  if (!isJsonObject(before)) return holdsNullMember(after) ? undefined : after;
  const patch: JsonObject = {};
  let kept = 0;
  for (const name of Object.keys(after)) {
    const value = after[name] as JsonValue;
    const old = Object.hasOwn(before, name) ? before[name] : undefined;
    if (old !== undefined) kept++;
    if (old === value) continue;
    if (isJsonObject(value) && isJsonObject(old)) {
      const inner = createMergePatch(old, value) as JsonObject | undefined;
      if (inner === undefined) return undefined;
      if (Object.keys(inner).length > 0) setOwn(patch, name, inner);
    } else if (old === undefined || !equalJson(old, value)) {
      if (value === null || holdsNullMember(value)) return undefined;
      setOwn(patch, name, value);
    }
  }
  const names = Object.keys(before);
  // Most changes take nothing away, and then nobody has to look for it.
  if (names.length > kept) for (const name of names) if (!Object.hasOwn(after, name)) setOwn(patch, name, null);
  return patch;
}

/** Whether two values say the same: the order of members does not count, and 0 is −0. */
export function equalJson(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => equalJson(item, b[i] as JsonValue));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && equalJson(a[name] as JsonValue, b[name] as JsonValue))
  );
}

/** Whether an object in a patch would lose members: what is in a list is taken as it is. */
function holdsNullMember(value: JsonValue): boolean {
  return isJsonObject(value) && Object.values(value).some((member) => member === null || holdsNullMember(member));
}
