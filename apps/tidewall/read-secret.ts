import { CommandFailure } from './command-failure.ts';

const MOST_BYTES = 4096;

/**
 * The first line of standard input. A secret is never an argument: every user of the machine sees those.
 *
 * @throws CommandFailure when there is none
 */
export async function readSecret(what = 'secret'): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write(`the ${what}, then Enter: `);
  process.stdin.setEncoding('utf8');
  let text = '';
  for await (const part of process.stdin as AsyncIterable<string>) {
    text += part;
    if (text.includes('\n') || text.length > MOST_BYTES) break;
  }
  const secret = (text.split('\n')[0] ?? '').trim();
  if (secret === '') throw new CommandFailure(`no ${what} came on standard input`, 2);
  return secret;
}
