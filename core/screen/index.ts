export {
  CONTRACT_EXAMPLES,
  type ContractName,
  type Contracts,
  type Fit as ContractFit,
  fitContract,
  type KeyValueRow,
  MAX_ROWS,
  MAX_SERIES,
  type NameValueRow,
  type RowsOf,
  type TimeColumns,
  type XyRow,
} from './contracts.ts';
export { createElementId, type ElementId, parseElementId } from './element-id.ts';
export type { Fit, Screen, ScreenElement } from './schema.ts';
export { topicPatternWith, topicWith, type VariableValue, type VariableValues, variablesIn } from './topic-template.ts';
export { elementTopic, parseScreenTopic, type ScreenTopic, variablesTopic } from './topics.ts';
export { topicsOfScreen, variableValues } from './variables.ts';
