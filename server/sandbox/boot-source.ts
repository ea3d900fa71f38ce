/**
 * What runs in the engine before any call, as text: it is no module of ours and sees nothing of us. It takes away what a
 * call has no use for, and leaves one function, which a call finds, takes away too, and then runs what it was given.
 *
 * The answer is always a text, of which the first letter says what it is: `v` JSON, `s` too much of it, `u` nothing that
 * JSON can say, `t` what was thrown. What cannot be caught in there (time, memory) is for the engine to say.
 */
export const BOOT_SOURCE = `
(() => {
  const { jsonata, JSON: { parse, stringify }, String } = globalThis;
  const AsyncFunction = (async () => {}).constructor;
  delete globalThis.jsonata;
  const words = (thrown) => {
    if (thrown === null || typeof thrown !== 'object') return String(thrown);
    const { name, code, message, position } = thrown;
    const place = typeof position === 'number' ? ' (at letter ' + position + ')' : '';
    return String(name ?? code ?? 'Error') + ': ' + String(message) + place;
  };
  globalThis.tidewall = async (kind, code, data, most) => {
    delete globalThis.tidewall;
    try {
      const input = parse(data);
      let made;
      if (kind === 'script') made = await AsyncFunction('data', '"use strict";' + code + '\\n')(input);
      else made = (await jsonata(code).evaluate(input)) ?? null;
      const text = stringify(made);
      if (text === undefined) return 'u';
      return text.length > most ? 's' + text.length : 'v' + text;
    } catch (thrown) {
      return 't' + words(thrown).slice(0, 300);
    }
  };
})();
`;
