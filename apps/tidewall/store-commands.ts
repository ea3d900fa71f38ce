import type { Command } from 'commander';
import { EXIT_CODES } from './command-options.ts';
import { type BackupOptions, backup, type RestoreCommandOptions, restore } from './commands/backup.ts';

/** Adds `backup` and `restore`. */
export function addStore(program: Command, version: string): void {
  program
    .command('backup')
    .description('write everything that is kept to one file, while the server runs or when it does not')
    .argument('<file>', 'a new one: tidewall-monday.tar.gz')
    .option('--url <address>', 'of a server elsewhere, which TIDEWALL_TOKEN lets in as an admin')
    .option('--data-dir <folder>', 'the data folder [TIDEWALL_DATA_DIR] (default: ./data)')
    .option('--config <file>', 'settings, as YAML or JSON [TIDEWALL_CONFIG] (default: ./tidewall.yaml)')
    .option('--with-secret', 'with secret.key, which opens the secrets in it')
    .addHelpText('after', `\nWhat topics hold is not in it, nor is the configuration.\n${EXIT_CODES}`)
    .action((file: string, options: BackupOptions) => backup(file, options, version));
  program
    .command('restore')
    .description('make a data folder what a backup holds; its server must not run')
    .argument('<file>', 'what "tidewall backup" has written')
    .option('--data-dir <folder>', 'the data folder [TIDEWALL_DATA_DIR] (default: ./data)')
    .option('--config <file>', 'settings, as YAML or JSON [TIDEWALL_CONFIG] (default: ./tidewall.yaml)')
    .option('--force', 'also when something is in the folder: it is put aside')
    .addHelpText('after', EXIT_CODES)
    .action((file: string, options: RestoreCommandOptions) => restore(file, options));
}
