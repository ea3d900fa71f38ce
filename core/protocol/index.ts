export {
  CLOSE_CODES,
  type CloseCodeRow,
  type CloseName,
  ERROR_CODES,
  ERROR_MEANINGS,
  ERROR_STATUS,
  type ErrorCodeRow,
  type ErrorName,
  mayReconnect,
} from './codes.ts';
export { type ErrorBody, TidewallError } from './error.ts';
export {
  compileFilter,
  FILTER_LIMITS,
  type Filter,
  type FilterTest,
  parseFilter,
  type Scalar,
} from './filter.ts';
export type {
  ByeFrame,
  CommandName,
  ConnectReply,
  FoundTopic,
  HistoryEntry,
  HistoryReply,
  Member,
  PatternReply,
  PongFrame,
  Presence,
  PushFrame,
  Replies,
  ReplyFrame,
  ServerFrame,
  Since,
  SubscribeReply,
  Validity,
} from './frames.ts';
export { TEXT_HEARTBEATS } from './frames.ts';
export {
  FRESHNESS_STATES,
  type Freshness,
  type FreshnessState,
  freshnessOfAge,
  LATE_AFTER,
  STALE_AFTER,
} from './freshness.ts';
export { type HistoryPage, writeHistory } from './history-page.ts';
export { DEFAULT_LIMITS, type Limits } from './limits.ts';
export type { Mismatch } from './mismatch.ts';
export {
  KINDS,
  MAX_TOPIC_NAME_LENGTH,
  OPERATIONS,
  OPERATIONS_OF_KIND,
  type Operation,
  type Position,
  parseTopicName,
  type Thinning,
  type TopicKind,
  type TopicName,
} from './topic.ts';
export {
  compilePattern,
  isTopicPattern,
  matchesPattern,
  parseTopicPattern,
  patternFault,
  type TopicPattern,
} from './topic-pattern.ts';
export {
  type ParameterValue,
  parseVariant,
  type VariantValues,
  variantPart,
  variantText,
  variantTopic,
} from './variant.ts';
export { PROTOCOL_VERSION, SUBPROTOCOL } from './version.ts';
