/** The topic that pushes to an element go to when it is bound to nothing else. */
export function elementTopic(screenId: string, elementId: string): string {
  return `screens/${screenId}/elements/${elementId}`;
}
