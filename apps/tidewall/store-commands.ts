import type { Command } from 'commander';
import { EXIT_CODES } from './command-options.ts';
import {
  type BackupOptions,
  backup,
  exportFolder,
  type ImportCommandOptions,
  importFrom,
  type RestoreCommandOptions,
  restore,
} from './commands/backup.ts';

/** Adds `backup`, `restore`, `export` and `import`. */
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
  program
    .command('export')
    .description('write everything that is kept as files that people read and compare')
    .argument('<folder>', 'an empty one, or a new one')
    .option('--url <address>', 'of a server elsewhere, which TIDEWALL_TOKEN lets in as an admin')
    .option('--data-dir <folder>', 'the data folder [TIDEWALL_DATA_DIR] (default: ./data)')
    .option('--config <file>', 'settings, as YAML or JSON [TIDEWALL_CONFIG] (default: ./tidewall.yaml)')
    .addHelpText(
      'after',
      `\nSecrets stay sealed; of passwords there are hashes. The audit is not in it.\n${EXIT_CODES}`,
    )
    .action((folder: string, options: BackupOptions) => exportFolder(folder, options, version));
  program
    .command('import')
    .description('add what "tidewall export" has written to a data folder; its server must not run')
    .argument('<folder>', 'what was exported, or a part of it')
    .option('--data-dir <folder>', 'the data folder [TIDEWALL_DATA_DIR] (default: ./data)')
    .option('--config <file>', 'settings, as YAML or JSON [TIDEWALL_CONFIG] (default: ./tidewall.yaml)')
    .option('--dry-run', 'only tell what would be new and changed')
    .addHelpText('after', `\nWhat has the same id is replaced, and nothing is deleted.\n${EXIT_CODES}`)
    .action((folder: string, options: ImportCommandOptions) => importFrom(folder, options));
}
