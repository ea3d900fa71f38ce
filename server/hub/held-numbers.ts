import { isJsonObject, type JsonValue } from '@tidewall/base';

/** In JSON text, what may be a number too large for a double: it says nothing of where, nor that it is no text. */
const MAY_BE_TOO_LARGE = /\d[eE]\+?\d{3}|\d{200}/;

/**
 * Where data has a number that no JSON can say, `.a[3]`; undefined when all of it can be said. `1e400` is JSON, and yet
 * nobody who reads doubles gets it: it would turn into null, which in a merge takes a member away.
 *
 * @param json the text that the data was parsed from, when there is one: then most data is not looked through
 */
export function unheldNumber(data: JsonValue, json: string | undefined): string | undefined {
  return json !== undefined && !MAY_BE_TOO_LARGE.test(json) ? undefined : placeIn(data);
}

function placeIn(data: JsonValue): string | undefined {
  if (typeof data === 'number') return Number.isFinite(data) ? undefined : '';
  if (Array.isArray(data)) {
    for (const [index, item] of data.entries()) {
      const place = placeIn(item);
      if (place !== undefined) return `[${index}]${place}`;
    }
  } else if (isJsonObject(data)) {
    for (const name of Object.keys(data)) {
      const place = placeIn(data[name] as JsonValue);
      if (place !== undefined) return `.${name}${place}`;
    }
  }
  return undefined;
}
