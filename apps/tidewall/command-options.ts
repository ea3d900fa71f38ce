import { InvalidArgumentError, Option } from 'commander';

/** Said after the help of a command. */
export const EXIT_CODES = `
Exit codes: 0 done, 1 tried and failed or refused, 2 asked for wrongly (options, settings).
Set NO_COLOR for plain output.`;

/** The server that a command asks. */
export function urlOption(): Option {
  return new Option('--url <address>', 'the server').env('TIDEWALL_URL').default('http://localhost:7070');
}

/** An option that may be given again. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** What an option takes that counts something. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('it must be a whole number.');
  return Number(text);
}
