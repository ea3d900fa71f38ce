/**
 * Calls the action of a key until the signal is aborted; keys with modifiers, and those typed into a field, are left to
 * the browser.
 */
export function listenForKeys(actions: Readonly<Record<string, () => void>>, signal: AbortSignal): void {
  const pressed = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : actions[event.key.toLowerCase()];
    if (action === undefined) return;
    event.preventDefault();
    action();
  };
  document.addEventListener('keydown', pressed, { signal });
}
