import { ConfigError, StartError } from '@tidewall/host';
import { CommanderError } from 'commander';
import { CommandFailure } from './command-failure.ts';
import packageJson from './package.json' with { type: 'json' };
import { findProductFiles } from './product-files.ts';
import { createProgram } from './program.ts';
import { harmless } from './terminal-text.ts';

/** The entry of the program: everything that is typed goes through here, and so does every exit code. */
try {
  await createProgram(findProductFiles(import.meta.url), packageJson.version).parseAsync();
} catch (failure) {
  process.exitCode = exitCodeOf(failure);
}

function exitCodeOf(failure: unknown): number {
  // Help and version come this way too, with 0; what was typed wrongly has been said by then.
  if (failure instanceof CommanderError) return failure.exitCode === 0 ? 0 : 2;
  const known = failure instanceof ConfigError || failure instanceof StartError || failure instanceof CommandFailure;
  if (!known) {
    process.stderr.write(
      `tidewall: ${failure instanceof Error ? (failure.stack ?? failure.message) : String(failure)}\n`,
    );
    return 1;
  }
  for (const line of failure.message.split('\n')) process.stderr.write(`tidewall: ${harmless(line)}\n`);
  return failure.exitCode;
}
