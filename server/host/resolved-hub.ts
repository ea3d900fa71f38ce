import type { HubPort, PublishRequest, Session } from '@tidewall/contracts';
import { type ElementTopics, isElementTopic } from './element-topics.ts';

/** The hub for everybody who names topics from outside: the names of elements lead to the topics that they show. */
export function resolveElements(hub: HubPort, elements: ElementTopics): HubPort {
  return {
    open(principal, outlet, name) {
      const session = hub.open(principal, outlet, name);
      const resolved: Session = {
        id: session.id,
        get principal() {
          return session.principal;
        },
        renew: (newer) => session.renew(newer),
        subscribe: (request, accepted) =>
          session.subscribe({ ...request, topic: elements.resolveLoosely(request.topic) }, accepted),
        configure: (view, change, accepted) => session.configure(view, change, accepted),
        unsubscribe: (view) => session.unsubscribe(view),
        places: () => session.places(),
        standing: () => session.standing(),
        drained: () => session.drained(),
        end: () => session.end(),
      };
      return resolved;
    },
    publish: async (principal, request) => hub.publish(principal, resolvePublication(request, elements)),
    history: (principal, request) =>
      hub.history(principal, { ...request, topic: elements.resolveLoosely(request.topic) }),
    snapshot: (principal, topic) => hub.snapshot(principal, elements.resolveLoosely(topic)),
    topics: (principal) => hub.topics(principal),
    presence: (principal, topic) => hub.presence(principal, elements.resolveLoosely(topic)),
    onDemand: (pattern, demand) => hub.onDemand(pattern, demand),
    reconfigure: () => hub.reconfigure(),
    forget: (principal, topic) => hub.forget(principal, elements.resolveLoosely(topic)),
    feed: (topic, source, settings, demand) => hub.feed(topic, source, settings, demand),
  };
}

function resolvePublication(request: PublishRequest, elements: ElementTopics): PublishRequest {
  if (!isElementTopic(request.topic)) return request;
  return { ...request, topic: elements.resolve(request.topic), kind: undefined };
}
