/** The topic that pushes to an element go to when it is bound to nothing else. */
export function elementTopic(screenId: string, elementId: string): string {
  return `screens/${screenId}/elements/${elementId}`;
}

/** The topic of a screen's variables: an object with the value of each by its name. */
export function variablesTopic(screenId: string): string {
  return `screens/${screenId}/variables`;
}

/** What of a screen a topic is. */
export type ScreenTopic =
  | { readonly type: 'element'; readonly screen: string; readonly element: string }
  | { readonly type: 'variables'; readonly screen: string };

const SCREEN_TOPIC = /^screens\/([^/]+)\/(?:elements\/(.+)|variables)$/u;

/** What of a screen a topic is, whether there is such a screen or not; undefined when it is no screen's. */
export function parseScreenTopic(topic: string): ScreenTopic | undefined {
  const [, screen, element] = SCREEN_TOPIC.exec(topic) ?? [];
  if (screen === undefined) return undefined;
  return element === undefined ? { type: 'variables', screen } : { type: 'element', screen, element };
}
