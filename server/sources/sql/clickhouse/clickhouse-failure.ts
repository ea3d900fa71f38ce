import type { TidewallError } from '@tidewall/protocol';
import type { ServerAddress } from '../server-address.ts';
import { type Place, sqlFailure } from '../sql-failure.ts';

/** `Code: 60. DB::Exception: Table default.x doesn't exist. (UNKNOWN_TABLE) (version 24.3.1)`, of any version. */
const EXCEPTION = /Code: (\d+)[.,].*?DB::Exception: (.*)/s;
const MAX_WORDS = 300;
/** What it says stands at the beginning; the rest is not looked at. */
const MAX_LOOKED_AT = 4_000;

/** The number of what went wrong, by ClickHouse's table of errors; undefined when an answer tells of nothing. */
export function clickhouseCode(text: string): number | undefined {
  const [, code] = EXCEPTION.exec(text.slice(0, MAX_LOOKED_AT)) ?? [];
  return code === undefined ? undefined : Number(code);
}

/** What went wrong, as a sentence with its cure. @param text the answer, which is no data */
export function clickhouseFailure(
  place: Place,
  status: number,
  text: string,
  { user, database }: ServerAddress,
  timeoutMs: number,
): TidewallError {
  const [, number, said = ''] = EXCEPTION.exec(text.slice(0, MAX_LOOKED_AT)) ?? [];
  const words = said
    .replace(/\(version [^)]*\).*$/s, '')
    .replace(/, e\.what\(\) =.*$/s, '')
    .trim();
  switch (Number(number)) {
    case 192:
    case 193:
    case 194:
    case 516:
      return sqlFailure(place, `does not take the password of ${user} (user, password)`);
    case 81:
      return sqlFailure(place, `has no database ${JSON.stringify(database)} (database)`);
    case 115:
      if (!words.includes('param_')) break;
      return sqlFailure(place, 'is too old for parameters, which it has from version 19.14 on');
    case 159:
      return sqlFailure(place, `did not answer within ${timeoutMs} ms (timeoutMs), and stopped`);
    case 164:
      return sqlFailure(place, `lets a query only read: ${words}`);
    case 497:
      return sqlFailure(place, `does not allow ${user} that: ${words}`);
  }
  if (number !== undefined) return sqlFailure(place, `cannot answer the query: ${words.slice(0, MAX_WORDS)}`);
  if (status === 401 || status === 403) {
    return sqlFailure(place, `does not take the password of ${user} (user, password)`);
  }
  return sqlFailure(place, `answers ${status}, and nothing that ClickHouse says; is it its port for HTTP (port)?`);
}
