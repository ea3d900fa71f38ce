import { type HubPort, type Principal, type PublishRequest, type Session, withoutArrival } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import type { Holding, Rate, RateLimits } from './rate-limits.ts';
import { type Subjects, subjectsOf } from './subjects.ts';

/** From so many on it is looked which of the subscriptions that a session began still are. */
const FIRST_LOOK = 32;

/**
 * The hub for everybody who comes from outside: what is asked of it counts for where that comes from and for who it is,
 * whatever wire it came over. A delivery costs nothing.
 */
export function limitHub(hub: HubPort, rates: RateLimits): HubPort {
  const requireRate = (principal: Principal, rate: Rate, cost?: number) => {
    const refusal = rates.take(rate, subjectsOf(principal), cost);
    if (refusal !== undefined) throw refusal;
  };
  const commanded = (principal: Principal): Principal => {
    requireRate(principal, 'commands');
    return withoutArrival(principal);
  };
  return {
    open(principal, outlet, name) {
      // Who was known at the door was counted there.
      const { caller } = principal.arrival?.atDoor === true ? {} : subjectsOf(principal);
      const refusal = rates.take('connects', { caller });
      if (refusal !== undefined) throw refusal;
      const leave = requireRoom(rates, 'connections', { caller });
      try {
        return limitSession(hub.open(withoutArrival(principal), outlet, name), principal, { rates, leave, commanded });
      } catch (failure) {
        leave();
        throw failure;
      }
    },
    async publish(principal, request) {
      const who = commanded(principal);
      if (isUncounted(subjectsOf(principal))) return hub.publish(who, request);
      const written: PublishRequest & { readonly json: string } = {
        ...request,
        json: request.json ?? JSON.stringify(request.data),
      };
      requireRate(principal, 'publishBytes', Buffer.byteLength(written.json));
      return hub.publish(who, written);
    },
    history: async (principal, request) => hub.history(commanded(principal), request),
    snapshot: async (principal, topic) => hub.snapshot(commanded(principal), topic),
    topics: (principal) => hub.topics(withoutArrival(principal)),
    presence: async (principal, topic) => hub.presence(commanded(principal), topic),
    onDemand: (pattern, demand) => hub.onDemand(pattern, demand),
    reconfigure: () => hub.reconfigure(),
    forget: async (principal, topic) => hub.forget(commanded(principal), topic),
    feed: (topic, source, settings, demand) => hub.feed(topic, source, settings, demand),
  };
}

interface LimitedSession {
  readonly rates: RateLimits;
  /** It is not connected any more. */
  leave(): void;
  commanded(principal: Principal): Principal;
}

function limitSession(session: Session, opened: Principal, { rates, leave, commanded }: LimitedSession): Session {
  let principal = opened;
  /** What each subscription that it began counts, by its number. */
  const held = new Map<number, () => void>();
  let nextLook = FIRST_LOOK;
  const patterns = new Set<number>();
  const letGo = (view: number) => {
    held.get(view)?.();
    held.delete(view);
    patterns.delete(view);
  };
  /** The hub ends some by itself, as when their topic is deleted. */
  const look = () => {
    if (held.size < nextLook) return;
    const live = new Set(session.standing().map(({ topic }) => topic));
    for (const view of [...held.keys()]) if (!live.has(view) && !patterns.has(view)) letGo(view);
    nextLook = Math.max(FIRST_LOOK, 2 * held.size);
  };
  return {
    id: session.id,
    get principal() {
      return principal;
    },
    renew(newer) {
      session.renew(withoutArrival(newer));
      principal = newer;
    },
    async subscribe(request, accepted) {
      commanded(principal);
      look();
      const release = requireRoom(rates, 'subscriptions', subjectsOf(principal));
      try {
        await session.subscribe(request, (reply) => {
          letGo(reply.topic);
          held.set(reply.topic, release);
          if ('pattern' in reply) patterns.add(reply.topic);
          accepted(reply);
        });
      } catch (failure) {
        release();
        throw failure;
      }
    },
    configure(view, change, accepted) {
      session.configure(view, change, (now) => {
        const release = held.get(view);
        if (release !== undefined && now !== view) {
          held.delete(view);
          held.set(now, release);
        }
        accepted(now);
      });
    },
    unsubscribe(view) {
      session.unsubscribe(view);
      letGo(view);
    },
    places: () => session.places(),
    standing: () => session.standing(),
    drained: () => session.drained(),
    end() {
      session.end();
      leave();
      for (const view of [...held.keys()]) letGo(view);
    },
  };
}

function requireRoom(rates: RateLimits, holding: Holding, subjects: Subjects): () => void {
  const release = rates.hold(holding, subjects);
  if (release instanceof TidewallError) throw release;
  return release;
}

function isUncounted({ address, caller }: Subjects): boolean {
  return address === undefined && caller === undefined;
}
