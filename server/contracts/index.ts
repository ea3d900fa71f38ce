export type { Base, Broker, Draft, Keep, LogFollower, Publication, TopicLog } from './broker.ts';
export { CHALLENGE } from './challenge.ts';
export { CONNECTION_CUT, connectionFailure } from './connection-failure.ts';
export type { Gateway, GatewayContext, GatewayDefinition, GatewayRequest } from './gateway.ts';
export type {
  ConfigureRequest,
  Demand,
  Encoding,
  Feed,
  FeedSettings,
  HistoryRequest,
  HubPort,
  Outlet,
  PlaceInTopic,
  PublishRequest,
  Push,
  Rewind,
  Session,
  SomeTopicSettings,
  SubscribeRequest,
  Thinning,
  TopicSettings,
  TopicSnapshot,
  TopicSummary,
} from './hub-port.ts';
export type { KeyRing, NonceMemory, NonceVerdict, SignedWord, SigningKey } from './key-ring.ts';
export type { Counter, Labels, Log, Meter } from './operations.ts';
export type { Outgoing, OutgoingRequest, OutgoingResponse } from './outgoing.ts';
export {
  ACTIONS,
  type Access,
  type Action,
  type ActionOn,
  type Arrival,
  arrivedAs,
  type Need,
  type Permission,
  type Principal,
  type Rule,
  type RuleNames,
  type Standing,
  type Thing,
  withoutArrival,
} from './principal.ts';
export type {
  Pace,
  ParameterValue,
  Sink,
  Source,
  SourceContext,
  SourceDefinition,
  SourceFamily,
  SourceTopic,
} from './source.ts';
export type { RecordChange, Store, StoredEntry, StoredRecord } from './store.ts';
