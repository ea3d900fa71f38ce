/**
 * A screen in a frame. It hears that frame alone, and of the origin of the screen alone, and speaks to no other.
 *
 * @param {HTMLIFrameElement} frame whose address is that of a screen, `https://wall.example/s/hall`
 * @param {(message: any) => void} heard is told what the screen says: `ready`, `status`, `variables`, `element`, `error`
 */
export function screenInFrame(frame, heard) {
  const wall = new URL(frame.src).origin;
  const waiting = new Map();
  let next = 1;

  addEventListener('message', ({ source, origin, data }) => {
    if (source !== frame.contentWindow || origin !== wall) return;
    const answer = waiting.get(data.id);
    waiting.delete(data.id);
    if (answer === undefined) heard(data);
    else if (data.type === 'tidewall.error') answer.reject(new Error(data.message));
    else answer.resolve(data);
  });

  const ask = (type, more = {}) =>
    new Promise((resolve, reject) => {
      const id = next++;
      waiting.set(id, { resolve, reject });
      frame.contentWindow?.postMessage({ type: `tidewall.${type}`, v: 1, id, ...more }, wall);
    });

  return {
    /** Resolves once the server keeps them, and rejects with the reason when it refuses. */
    set: (/** @type {Record<string, unknown>} */ variables) => ask('set', { variables }),
    /** Follows these of `status`, `variables` and `element`, and no others. */
    follow: (/** @type {string[]} */ ...events) => ask('follow', { events }),
  };
}
