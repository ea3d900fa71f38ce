import type { JsonValue } from '@tidewall/base';
import type { FollowOptions, LinkStatus, TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import type { ErrorBody, PushFrame } from '@tidewall/protocol';
import type { TimeColumns } from '@tidewall/screen';

/** What is held of a topic, as it goes from tab to tab. */
export interface HeldState extends Omit<TopicReplica, 'value'> {
  readonly value: JsonValue | TimeColumns | undefined;
}

/** The commands that one tab has carried out by another. */
export type Call = 'publish' | 'history' | 'presence';

/** From a tab that follows to the one that leads. */
export type Request =
  | { readonly type: 'hello'; readonly tab: string }
  | {
      readonly type: 'follow';
      readonly tab: string;
      readonly id: number;
      readonly topic: string;
      readonly options: FollowOptions;
      /** Whether each push is wanted, and not what is held. */
      readonly pushes: boolean;
    }
  | { readonly type: 'configure'; readonly tab: string; readonly id: number; readonly rateHz: number | undefined }
  | { readonly type: 'unfollow'; readonly tab: string; readonly id: number }
  | {
      readonly type: 'call';
      readonly tab: string;
      readonly id: number;
      readonly call: Call;
      readonly args: readonly unknown[];
    };

/** From the tab that leads, to all or to the tab `to`. */
export type Announcement =
  | {
      readonly type: 'leads';
      /** It has only just begun to, and knows nothing of anybody. */
      readonly first: boolean;
      readonly status: LinkStatus;
      readonly serverNow: number;
    }
  | {
      readonly type: 'held';
      readonly to: string;
      readonly id: number;
      readonly held: HeldState;
      readonly serverNow: number;
    }
  | {
      readonly type: 'pushed';
      readonly to: string;
      readonly id: number;
      readonly push: PushFrame;
      readonly held: HeldState;
    }
  | { readonly type: 'answer'; readonly to: string; readonly id: number; readonly value: unknown }
  | { readonly type: 'refusal'; readonly to: string; readonly id: number; readonly error: Partial<ErrorBody> };

export type Message = Request | Announcement;

/** What is used of a `BroadcastChannel`. */
export interface TabChannel {
  onmessage: ((event: { readonly data: Message }) => void) | null;
  postMessage(message: Message): void;
  close(): void;
}

/** What is used of the Web Locks API: a lock is held until what `held` returns resolves, or its tab is gone. */
export interface TabLocks {
  request(name: string, options: { readonly signal?: unknown }, held: () => Promise<void>): Promise<void>;
}

export function stateOf(replica: TopicReplica): HeldState {
  const { topic, position, kind, revision, asOf, freshness, lost, refused, presence } = replica;
  return { topic, position, kind, value: replica.value(), revision, asOf, freshness, lost, refused, presence };
}
