import type { Command } from 'commander';
import { collect, EXIT_CODES, urlOption, wholeNumber } from './command-options.ts';
import { can } from './commands/can.ts';
import {
  type CreateKeyOptions,
  createKey,
  deleteKey,
  durationMs,
  expiryMs,
  type KeyOptions,
  type KeyRightsOptions,
  listKeys,
  type RotateKeyOptions,
  rotateKey,
  setKey,
  setKeyDisabled,
} from './commands/keys.ts';
import {
  addShare,
  deleteShare,
  listShares,
  type NewShareOptions,
  type ShareLinkOptions,
  type ShareOptions,
  setShareDisabled,
  signShare,
} from './commands/shares.ts';
import { type SignOptions, sign } from './commands/sign.ts';
import {
  addUser,
  deleteUser,
  listUsers,
  printSetupLink,
  setUser,
  setUserPassword,
  type UserOptions,
  type UserRolesOptions,
} from './commands/users.ts';

/** Adds `users`. */
export function addUsers(program: Command): void {
  const users = program.command('users').description('people who sign in, and what they may do');
  const word = (name: string, description: string) =>
    users.command(name).description(description).addOption(urlOption());
  const roles = [
    '--role <role>',
    'one of its roles; again for each: viewer, publisher, designer, admin, own ones',
  ] as const;
  word('list', 'list them')
    .option('--json', 'a JSON line each')
    .action((options: UserOptions) => listUsers(options));
  word('add', 'make one; the password comes on standard input')
    .argument('<name>')
    .option(...roles, collect)
    .addHelpText('after', `\nExample:\n  tidewall users add ann --role viewer < password.txt\n${EXIT_CODES}`)
    .action((name: string, options: UserRolesOptions) => addUser(name, options));
  word('password', 'set the password of one, from standard input; it is signed out everywhere')
    .argument('<name>')
    .action((name: string, options: UserOptions) => setUserPassword(name, options));
  word('roles', 'say what one is; who is connected and may do something else has to come again')
    .argument('<name>')
    .requiredOption(...roles, collect)
    .action((name: string, options: UserRolesOptions) => setUser(name, { roles: options.role ?? [] }, options));
  word('disable', 'it is signed out, and cannot sign in until it is enabled')
    .argument('<name>')
    .action((name: string, options: UserOptions) => setUser(name, { disabled: true }, options));
  word('enable', 'let it sign in again')
    .argument('<name>')
    .action((name: string, options: UserOptions) => setUser(name, { disabled: false }, options));
  word('delete', 'it is signed out for good')
    .argument('<name>')
    .action((name: string, options: UserOptions) => deleteUser(name, options));
  word('setup', 'print the link by which the first admin is made').action((options: UserOptions) =>
    printSetupLink(options),
  );
}

/** Adds `shares`. */
export function addShares(program: Command): void {
  const shares = program.command('shares').description('links by which screens are shared');
  const word = (name: string, description: string) =>
    shares.command(name).description(description).addOption(urlOption());
  const variable = ['--variable <name=value>', 'a variable that who opens it cannot change; again for each'] as const;
  word('add', 'share a screen; prints the link')
    .argument('<screen>')
    .option('--name <name>', 'what you call it')
    .option('--password', 'asks for a password, which comes on standard input')
    .option('--expires <time>', 'when it ends: 30d, 24h', expiryMs)
    .option('--address <network>', 'opened from there alone, like 10.0.0.0/8; again for each', collect)
    .option('--views <number>', 'how often it may be opened', wholeNumber)
    .option(...variable, collect)
    .option('--signed-by <key>', 'only links that this key has signed are good: see "shares sign"')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `\nExamples:\n  tidewall shares add hall --expires 30d\n  tidewall shares add hall --password --variable region=sh < password.txt\n${EXIT_CODES}`,
    )
    .action((screen: string, options: NewShareOptions) => addShare(screen, options));
  word('list', 'list the links of a screen, and what each asks for')
    .argument('<screen>')
    .option('--json', 'a JSON line each')
    .action((screen: string, options: ShareOptions) => listShares(screen, options));
  word('sign', "print a link signed with the key's secret, which comes on standard input, or is TIDEWALL_KEY_SECRET")
    .argument('<link>', 'its id')
    .requiredOption('--expires <time>', 'for how long it is good: 24h', (text) => durationMs(text, '--expires'))
    .option(...variable, collect)
    .action((id: string, options: ShareLinkOptions) => signShare(id, options));
  for (const [name, disabled] of [
    ['disable', true],
    ['enable', false],
  ] as const) {
    word(name, disabled ? 'who has opened it is out, until it is enabled' : 'let it be opened again')
      .argument('<screen>')
      .argument('<link>', 'its id')
      .action((screen: string, id: string, options: ShareOptions) => setShareDisabled(screen, id, disabled, options));
  }
  word('delete', 'who has opened it is out for good')
    .argument('<screen>')
    .argument('<link>', 'its id')
    .action((screen: string, id: string, options: ShareOptions) => deleteShare(screen, id, options));
}

/** Adds `can`. */
export function addCan(program: Command): void {
  program
    .command('can')
    .description('tell whether somebody may do something, and by which rules')
    .argument('<who>', 'anybody, role:viewer, key:<id> or user:<name>')
    .argument('<what>', 'read, publish, history, presence; with --thing also others: view, edit, see')
    .argument('<name>', 'the topic, or the screen, the source …')
    .option('--thing <kind>', 'topics, screens, sources, files, keys, users, audit, server', 'topics')
    .option('--json', 'the decision as JSON')
    .addOption(urlOption())
    .addHelpText('after', '\nExits with 0 for yes, 3 for no.')
    .action(can);
}

/** Adds `keys`, and `sign`. */
export function addKeys(program: Command): void {
  const keys = program.command('keys').description('the keys of programs and screens');
  const word = (name: string, description: string) =>
    keys.command(name).description(description).addOption(urlOption());
  const secretStdin = ['--secret-stdin', 'take over the secret on standard input (default: a new one)'] as const;
  const withRights = (command: Command) =>
    command
      .option('--name <name>', 'what you call it')
      .option('--role <role>', 'one of its roles; again for each, none for none (default: viewer, publisher)', collect)
      .option(
        '--rule <rule>',
        "what it may do beside: 'topics sales/# publish', or JSON; again for each, none",
        collect,
      )
      .option('--expires <time>', 'when it ends: 30d, 24h; never', expiryMs)
      .option('--bearer', 'its secret may be shown, as by curl -u')
      .option('--no-bearer', 'it only signs');
  withRights(word('create', 'make one; its secret is printed this once'))
    .option('--id <id>', 'take over the id that clients have already (default: a new one)')
    .option(...secretStdin)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `\nExamples:\n  tidewall keys create --name 'hall A'\n  tidewall keys create --rule 'topics sales/# publish' --expires 30d\n  tidewall keys create --id AKID7 --secret-stdin < secret.txt\n${EXIT_CODES}`,
    )
    .action((options: CreateKeyOptions) => createKey(options));
  word('list', 'list them, without their secrets')
    .option('--json', 'a JSON line each')
    .action((options: KeyOptions) => listKeys(options));
  withRights(word('set', 'say what one may do; who is connected with it has to come again').argument('<id>')).action(
    (id: string, options: KeyRightsOptions) => setKey(id, options),
  );
  word('rotate', 'give one a new secret; the old one stays valid for a while')
    .argument('<id>')
    .option(
      '--overlap <time>',
      'how long: 24h, 30m, 7d; 0 ends it at once',
      (text) => durationMs(text),
      durationMs('24h'),
    )
    .option(...secretStdin)
    .option('--json', 'as JSON')
    .action((id: string, options: RotateKeyOptions) => rotateKey(id, options));
  word('disable', 'who has it is disconnected, until it is enabled')
    .argument('<id>')
    .action((id: string, options: KeyOptions) => setKeyDisabled(id, true, options));
  word('enable', 'let it sign again')
    .argument('<id>')
    .action((id: string, options: KeyOptions) => setKeyDisabled(id, false, options));
  word('delete', 'who has it is disconnected for good')
    .argument('<id>')
    .action((id: string, options: KeyOptions) => deleteKey(id, options));
  program
    .command('sign')
    .description('print the first frame of a connection, or the header of an HTTP request, signed with a key')
    .argument('<key>', "the key's id; its secret comes on standard input, or is TIDEWALL_KEY_SECRET")
    .option('--name <name>', 'what the client calls itself')
    .option('--tcv', 'for the wire of Tencent Cloud 图')
    .option('--http <request>', "a request instead: 'POST /api/topics/a/b'")
    .option('--data <body>', 'its body, or @file')
    .addHelpText(
      'after',
      `\nExample:\n  curl -H "$(tidewall sign press-4 --http 'POST /api/topics/a' --data 1 < secret.txt)" -d 1 http://localhost:7070/api/topics/a\n${EXIT_CODES}`,
    )
    .action((id: string, options: SignOptions) => sign(id, options));
}
