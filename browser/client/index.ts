export type { JsonValue } from '@tidewall/base';
export type {
  Following,
  FollowOptions,
  LinkStatus,
  TopicReader,
  TopicReplica,
} from '@tidewall/browser-contracts/topic-reader';
export type { Transport, TransportEvents, TransportLink } from '@tidewall/browser-contracts/transport';
export {
  type ErrorName,
  type Filter,
  type Freshness,
  type HistoryEntry,
  type HistoryReply,
  type Operation,
  type Position,
  type Presence,
  type PushFrame,
  type Since,
  TidewallError,
  type TopicKind,
} from '@tidewall/protocol';
export type { TimeColumns } from '@tidewall/screen';
export {
  type Client,
  type ClientCounts,
  type ClientOptions,
  createClient,
  type HistoryOptions,
  type PublishOptions,
} from './client.ts';
export type { Memory } from './transport-choice.ts';
export { DEFAULT_KEEP } from './wants.ts';
