/** The Node releases that everything here is built and tested with; Vite draws the same line. */
const OLDEST = '20.19';

/**
 * What is to be said of a Node version before anything else runs: `refusal` when nothing would work on it, `hint` when
 * it works but is past its end of life.
 *
 * @param {string} version `20.19.0`, without a leading "v"
 * @returns {{ refusal?: string, hint?: string }}
 */
export function judgeNode(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const tooOld = major < 20 || (major === 20 && minor < 19) || major === 21 || (major === 22 && minor < 12);
  if (tooOld) {
    return {
      refusal: `Tidewall needs Node ${OLDEST} or newer of the even releases (22 from 22.12); this is Node ${version}. Install Node 24 from https://nodejs.org and try again.`,
    };
  }
  if (major < 22)
    return { hint: `Node ${version} works, but Node 20 is past its end of life; Node 24 is recommended.` };
  return {};
}
