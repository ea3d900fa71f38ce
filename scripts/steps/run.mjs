import { spawn } from 'node:child_process';

/** The end of a program's output is where the reason stands; more than this is not kept. */
const KEPT_OUTPUT_CHARS = 64 * 1024;

/**
 * @typedef {object} Outcome
 * @property {number} code exit code; 128 + n when a signal ended it, 127 when it could not be started
 * @property {string} output what it wrote to both streams, when captured
 * @property {boolean} missing whether there is no such program
 */

/**
 * Runs a program to its end. A signal that this process receives meanwhile goes to the program too, and ends this process
 * after it.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: Record<string, string | undefined>, capture?: boolean }} options `env` is added to ours
 * @returns {Promise<Outcome>}
 */
export function run(command, args, { cwd, env = {}, capture = false }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      // npm is a .cmd file there, which only a shell can start; the arguments are ours, never a user's.
      shell: process.platform === 'win32' && command === 'npm',
    });
    let output = '';
    /** @param {Buffer} chunk */
    const keep = (chunk) => {
      output = (output + chunk.toString()).slice(-KEPT_OUTPUT_CHARS);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    /** @type {NodeJS.Signals | undefined} */
    let received;
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      received = signal;
      child.kill(signal);
    };
    process.on('SIGINT', forward);
    process.on('SIGTERM', forward);
    /** @param {number} code @param {boolean} missing */
    const end = (code, missing) => {
      process.off('SIGINT', forward);
      process.off('SIGTERM', forward);
      if (received !== undefined) process.exit(received === 'SIGINT' ? 130 : 143);
      resolve({ code, output, missing });
    };
    child.once('error', (error) => {
      output += error.message;
      end(127, 'code' in error && error.code === 'ENOENT');
    });
    child.once('close', (code, signal) => end(code ?? (signal === 'SIGINT' ? 130 : 143), false));
  });
}
