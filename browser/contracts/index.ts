export {
  type ComponentDefinition,
  type ComponentServices,
  type ComponentState,
  type DataState,
  type Dataset,
  defineComponent,
  type Locale,
  type Mount,
  type MountedComponent,
  type Size,
  type Words,
} from './component.ts';
export type { Theme } from './theme.ts';
export type { Following, FollowOptions, LinkStatus, TopicReader, TopicReplica } from './topic-reader.ts';
export type { Transport, TransportEvents, TransportLink } from './transport.ts';
