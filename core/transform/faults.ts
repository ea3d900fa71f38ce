import { TidewallError } from '@tidewall/protocol';

/** The refusal of a step that cannot work whatever the data is; `path` is inside the step, as in `fields.total`. */
export function badStep(path: string, why: string): TidewallError {
  return new TidewallError('bad_request', why, { detail: { path } });
}

/** The failure of a step at a row; rows are counted from 0, as everywhere in paths. */
export function badRow(path: string, row: number, why: string): TidewallError {
  return new TidewallError('shape_mismatch', why, { detail: { path, row } });
}

/** The failure of one step with the place of the step before it: `transforms[2].fields.total at [17]: …`. */
export function located(step: string, failure: unknown): TidewallError {
  const error =
    failure instanceof TidewallError
      ? failure
      : new TidewallError('internal', failure instanceof Error ? failure.message : String(failure), { cause: failure });
  const { path, row, ...detail } = error.detail;
  const place = typeof path === 'string' && path !== '' ? `${step}.${path}` : step;
  const at = typeof row === 'number' ? ` at [${row}]` : '';
  return new TidewallError(error.kind, `${place}${at}: ${error.message}`, {
    detail: { ...detail, path: place, ...(typeof row === 'number' && { row }) },
    afterMs: error.afterMs,
    cause: error,
  });
}
