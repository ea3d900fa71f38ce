/**
 * Lines for a reader at a terminal or of a log: one for each thing done, with how long it took. Colours only on a
 * terminal, and never with NO_COLOR.
 *
 * @typedef {object} Say
 * @property {(text: string) => void} line a line as it is
 * @property {(text: string) => void} title a line that stands out
 * @property {(text: string) => void} hint a line in the colour of a warning
 * @property {(text: string) => void} problem a line in the colour of an error
 * @property {(name: string, text: string) => (note?: string) => void} step begins a line; the returned function ends it
 */

const NAME_WIDTH = 9;

/**
 * @param {{ write(text: string): unknown, isTTY?: boolean | undefined }} [stream]
 * @param {Record<string, string | undefined>} [env]
 * @returns {Say}
 */
export function createSay(stream = process.stdout, env = process.env) {
  const coloured = Boolean(stream.isTTY) && !env['NO_COLOR'];
  /** @param {string} code @param {string} text */
  const paint = (code, text) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text);
  return {
    line: (text) => void stream.write(`${text}\n`),
    title: (text) => void stream.write(`\n${paint('1', text)}\n`),
    hint: (text) => void stream.write(`${paint('33', text)}\n`),
    problem: (text) => void stream.write(`${paint('31', text)}\n`),
    step(name, text) {
      const began = performance.now();
      stream.write(`${paint('36', name.padEnd(NAME_WIDTH))}${text} … `);
      return (note) => {
        stream.write(`${note === undefined ? '' : `${note}, `}${seconds(performance.now() - began)}\n`);
      };
    },
  };
}

/**
 * A duration for a reader: `0.4 s`, `12 s`.
 *
 * @param {number} ms
 */
export function seconds(ms) {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}
