import type { Filter, TopicName } from '@tidewall/protocol';

/** Who asks. Whoever establishes it knows how it stands; the hub decides by it. */
export interface Principal {
  /** Where it comes from and its name there, like `user:ann`, `key:tk7` or `anybody`. */
  readonly id: string;
  readonly roles: readonly string[];
  /** What it may do beside what its roles may: a key's own rights, what a token claims, the screen of a shared link. */
  readonly rules?: readonly Rule[];
  /** When what it has shown runs out, ms since 1970 by the server's clock; absent where nothing says. */
  readonly endsAt?: number;
  /** Asked while it is connected, about once a second and again whenever it comes. Absent: it stands for ever. */
  standing?(): Standing;
  /** By what it has come; absent: it has not come from outside. */
  readonly arrival?: Arrival;
}

/** The connection or request by which somebody has come. */
export interface Arrival {
  /** Who it is, whatever it came by: one and the same for all of its connections. */
  readonly principal: Principal;
  /** The network that it came from; absent where that is not counted. */
  readonly address?: string | undefined;
  /** Whether it was known at the door, and not by what it has said since. */
  readonly atDoor: boolean;
}

/** Who has said who it is on a connection by which somebody, mostly anybody, had come: it comes from there too. */
export function arrivedAs(principal: Principal, before: Principal): Principal {
  const address = before.arrival?.address;
  if (address === undefined) return principal;
  return { ...principal, arrival: { principal, address, atDoor: false } };
}

/** One and the same for all that somebody has come by: what is remembered of who it is, is remembered of that. */
export function withoutArrival(principal: Principal): Principal {
  return principal.arrival?.principal ?? principal;
}

/**
 * `changed`: what it may do is not what it was when it came, so that it has to come again. `expired`: it can come again
 * with something newer. `gone`: it cannot.
 */
export type Standing = 'stands' | 'changed' | 'expired' | 'gone';

/** What may be done to each kind of thing. The tables of rights, of the reference and of their tests come from here. */
export const ACTIONS = {
  topics: ['read', 'publish', 'history', 'presence'],
  screens: ['view', 'edit', 'share'],
  sources: ['see', 'edit'],
  files: ['see', 'edit'],
  keys: ['see', 'edit'],
  users: ['see', 'edit'],
  audit: ['see'],
  server: ['see', 'edit', 'backup'],
} as const;

export type Thing = keyof typeof ACTIONS;
export type ActionOn<One extends Thing> = (typeof ACTIONS)[One][number];

/** What may be done to a topic. */
export type Action = ActionOn<'topics'>;

/** What is meant by a rule, of one kind of thing: a pattern of names. */
export type RuleNames = { readonly [One in Thing]?: string | undefined };

/** Lets those of some roles do some things to whatever a pattern names, as it is written in a configuration. */
export interface Rule extends RuleNames {
  /** Any of them; whoever carries the rule itself when absent. */
  readonly roles?: readonly string[] | undefined;
  readonly may: readonly string[];
  /** Rows, entries or values of a topic that are seen; all when absent. */
  readonly filter?: Filter | undefined;
  /** Members of them that are seen; all when absent. */
  readonly fields?: readonly string[] | undefined;
}

/** What somebody wants to do. */
export interface Need {
  readonly thing: Thing;
  readonly action: string;
  /** Of the topic, screen, source …; `#` is all of them. */
  readonly name: string;
}

/** What somebody may do, and how much of the topic they may see: both are joined by *and* to what they ask for. */
export interface Permission {
  readonly filter?: Filter;
  readonly fields?: readonly string[];
}

/** Decides who may do what; called once for each operation, never for a delivery. */
export interface Access {
  /** Undefined: it is not allowed. */
  permit(principal: Principal, action: Action, topic: TopicName): Permission | undefined;
  /** Is told what somebody asked for by name and was not allowed. */
  refused?(principal: Principal, need: Need): void;
}
