const IDLE_MS = 3000;

/** Marks an element with `data-idle` while nobody moves the pointer or uses a key: a wall has no use for a pointer. */
export function hideWhenIdle(element: HTMLElement): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const idle = () => {
    element.dataset['idle'] = '';
  };
  const awake = () => {
    clearTimeout(timer);
    delete element.dataset['idle'];
    timer = setTimeout(idle, IDLE_MS);
  };
  for (const name of ['pointermove', 'pointerdown', 'keydown'] as const) {
    document.addEventListener(name, awake, { passive: true });
  }
  idle();
}
