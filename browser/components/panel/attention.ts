import type { ComponentServices } from '@tidewall/browser-contracts';

/** A pointer that has not moved, or a focus without a key, for so long is nobody: a wall has no reader at its mouse. */
const PATIENCE_SECONDS = 5;

/** Whether a person is doing something here right now. */
export interface Attention {
  readonly present: boolean;
  dispose(): void;
}

/** Watches an element; `ended` runs when the person who was there has done nothing for five seconds. */
export function createAttention(
  element: HTMLElement,
  services: ComponentServices,
  ended: () => void = () => undefined,
): Attention {
  let idle = PATIENCE_SECONDS;
  let place = '';
  const wake = (): void => {
    idle = 0;
  };
  const move = (event: PointerEvent): void => {
    // Browsers report a pointer that stands still too, when what is under it moves.
    const next = `${event.screenX} ${event.screenY}`;
    if (next !== place) wake();
    place = next;
  };
  const acts = ['pointerdown', 'wheel', 'touchmove', 'keydown', 'focusin'] as const;
  element.addEventListener('pointermove', move, { passive: true });
  for (const act of acts) element.addEventListener(act, wake, { passive: true });
  const stop = services.everySecond(() => {
    if (idle < PATIENCE_SECONDS && ++idle === PATIENCE_SECONDS) ended();
  });
  return {
    get present() {
      return idle < PATIENCE_SECONDS;
    },
    dispose() {
      stop();
      element.removeEventListener('pointermove', move);
      for (const act of acts) element.removeEventListener(act, wake);
    },
  };
}
