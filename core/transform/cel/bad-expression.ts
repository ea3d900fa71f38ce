import { TidewallError } from '@tidewall/protocol';

/** The refusal of an expression, with the letter it begins to be wrong at; letters are counted from 0. */
export function badExpression(place: { readonly start: number }, why: string): TidewallError {
  return new TidewallError('bad_request', `${why} (at letter ${place.start})`);
}
