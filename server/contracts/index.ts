export type { Broker, Draft, Keep, Publication, TopicLog } from './broker.ts';
export type { Gateway, GatewayContext, GatewayDefinition } from './gateway.ts';
export type {
  Encoding,
  Feed,
  FeedSettings,
  HistoryRequest,
  HubPort,
  Outlet,
  PublishRequest,
  Push,
  Session,
  SomeTopicSettings,
  SubscribeRequest,
  TopicSettings,
  TopicSnapshot,
  TopicSummary,
} from './hub-port.ts';
export type { Counter, Labels, Log, Meter } from './operations.ts';
export type { Access, Action, Principal } from './principal.ts';
export type { Sink, Source, SourceContext, SourceDefinition, SourceTopic } from './source.ts';
