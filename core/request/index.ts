export { bindValue, hasParameters, unknownParameter, type Values } from './bind-value.ts';
export { decodeAnswer } from './decode-answer.ts';
export { isHeaderText } from './header-text.ts';
export { jsonLines } from './json-lines.ts';
export { KeyedRows, ROW_NUMBER_FIELD } from './keyed-rows.ts';
export { differsInThePast, type KnownPoints } from './known-points.ts';
export { PAGE_REQUEST_LIMITS, type PageRequest } from './page-request.ts';
export {
  chosenValues,
  MOST_PARAMETER_CHARACTERS,
  type Parameter,
  type Parameters,
  standardValues,
  textsOf,
  valuesOfVariant,
} from './parameters.ts';
export { pointOfRow } from './point-of-row.ts';
export { intervalOf, type Polling, type WantedPace } from './polling.ts';
export { dataAt, readJson, whereOfJson } from './read-json.ts';
export {
  type BoundRequest,
  type RequestBody,
  type RequestSettings,
  RequestTemplate,
  setInQuery,
} from './request-template.ts';
export { retryAfterMs } from './retry-after.ts';
export { rowsOf, rowsOfSeries } from './rows-of.ts';
export { rowsOfColumns } from './rows-of-columns.ts';
export { statusSentence } from './status-sentence.ts';
