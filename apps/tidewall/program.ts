import type { JsonValue } from '@tidewall/base';
import { type Flag, type FlagName, portsByKind } from '@tidewall/host';
import { type Filter, KINDS, OPERATIONS, parseFilter } from '@tidewall/protocol';
import { Command, InvalidArgumentError, Option } from 'commander';
import { addCan, addKeys, addShares, addUsers } from './access-commands.ts';
import { CommandFailure } from './command-failure.ts';
import { collect, EXIT_CODES, urlOption, wholeNumber } from './command-options.ts';
import { type PublishOptions, publish } from './commands/publish.ts';
import { type SelftestOptions, selftest } from './commands/selftest.ts';
import { serve } from './commands/serve.ts';
import {
  type AddSourceOptions,
  addSource,
  listSources,
  previewSource,
  removeSource,
  type SourceOptions,
  showSource,
  sourceKinds,
  type TrySourceOptions,
  testSource,
} from './commands/sources.ts';
import { type SubscribeOptions, subscribe } from './commands/subscribe.ts';
import { type TapOptions, tap } from './commands/tap.ts';
import { type SetOptions, setTopics, showSettings, unsetTopics } from './commands/topic-settings.ts';
import { deleteTopic, topics } from './commands/topics.ts';
import type { ProductFiles } from './product-files.ts';
import { addStore } from './store-commands.ts';

/** The command line of `tidewall`; nothing runs before it is parsed. */
export function createProgram(files: ProductFiles, version: string): Command {
  const program = new Command('tidewall')
    .description('Live data big screens: take data in, keep it as ordered topics, show it within a frame.')
    .version(version, '-V, --version')
    .helpOption('-h, --help')
    .addHelpText('after', EXIT_CODES)
    .showSuggestionAfterError()
    // A word's own options follow it: `topics` and `topics show` both have --json.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`${text.trimEnd()}; see tidewall --help\n`) });
  addServe(program, files, version);
  addPublish(program);
  addSubscribe(program);
  addTap(program);
  addTopics(program);
  addSources(program);
  addKeys(program);
  addUsers(program);
  addShares(program);
  addCan(program);
  addStore(program, version);
  addSelftest(program, version);
  return program;
}

function addServe(program: Command, files: ProductFiles, version: string): void {
  program
    .command('serve', { isDefault: true })
    .description('run the server (default)')
    .option('--port <number>', 'port to listen on, 0 for any free one [TIDEWALL_PORT] (default: 7070)')
    .option(
      '--host <address>',
      'address to listen on; 0.0.0.0 is for all that reach this machine [TIDEWALL_HOST] (default: localhost)',
    )
    .option('--access <mode>', 'open, closed, or auto: open on this machine alone [TIDEWALL_ACCESS] (default: auto)')
    .option('--data-dir <folder>', 'where data and screens are kept [TIDEWALL_DATA_DIR] (default: ./data)')
    .option('--config <file>', 'settings, as YAML or JSON [TIDEWALL_CONFIG] (default: ./tidewall.yaml)')
    .option('--screens <folder>', 'screen documents [TIDEWALL_SCREENS] (default: <data-dir>/screens)')
    .option('--broker <kind>', 'journal: topics survive a restart; or memory [TIDEWALL_BROKER] (default: journal)')
    .option('--listen <gateway=port...>', 'give a gateway a port to itself: tcv=3000 koa-socket=9998 [TIDEWALL_LISTEN]')
    .option('--redis <url>', 'each of its channels is a topic, redis/<channel>; with a password: [TIDEWALL_REDIS]')
    .option('--demo', "with the demo's sources and screens [TIDEWALL_DEMO] (default)")
    .option('--no-demo', 'without them')
    .option('--log-level <level>', 'debug, info, warn, error or silent [TIDEWALL_LOG_LEVEL] (default: info)')
    .option('--node <name>', "this process' name in replies and logs [TIDEWALL_NODE]")
    .option('--allowed-origin <origin...>', 'pages of these origins may use this server [TIDEWALL_ALLOWED_ORIGINS]')
    .option('--allowed-host <name...>', 'names that this server is reached by [TIDEWALL_ALLOWED_HOSTS]')
    .addHelpText('after', EXIT_CODES)
    // The default command is handed every word that is no command: say that, and not that there are too many.
    .allowExcessArguments()
    .action((_, command: Command) => {
      const [word] = command.args;
      if (word !== undefined) throw new CommandFailure(`there is no command "${word}"; see tidewall --help`, 2);
      return serve({ flags: flagsOf(command), files, version });
    });
}

function addPublish(program: Command): void {
  program
    .command('publish')
    .description('publish one value, or each line of standard input as soon as it is there')
    .argument('<topic>', 'plant/line-1/oee')
    .argument('[json]', 'the value; standard input when absent')
    .addOption(urlOption())
    .addOption(new Option('--op <operation>', "the kind's first operation when absent").choices(OPERATIONS))
    .addOption(new Option('--kind <kind>', 'what a new topic becomes: state when absent').choices(KINDS))
    .option('--json', 'what is not JSON is refused (default: it is published as a text)')
    .option('--text', 'everything is a text, also what would be JSON')
    .option('--key <key>', 'publishing again with the same key changes nothing; line n has <key>:n')
    .addHelpText(
      'after',
      `
Examples:
  tidewall publish demo/answer '{"value": 42}'
  vmstat 1 | tidewall publish host/vmstat
  tail -F app.log | tidewall publish app/log --kind log --text
  tidewall publish shop/orders --kind log --key 2026-03-01 < orders.ndjson   (again after a failure: each is there once)
${EXIT_CODES}`,
    )
    .action((topic: string, json: string | undefined, options: PublishOptions) => publish(topic, json, options));
}

function addSubscribe(program: Command): void {
  program
    .command('subscribe')
    .description('follow topics: a JSON line for each value')
    .argument('<topic...>', "plant/line-1/oee, or a pattern: 'plant/+/oee', 'plant/#'")
    .addOption(urlOption())
    .option('--rewind <count>', 'start with the newest points of a series or entries of a log', wholeNumber)
    .option('--since-ms <ms>', 'start with those that are younger than this', wholeNumber)
    .option('--points <n>', 'start with at most so many points of a series, thinned', wholeNumber)
    .option('--rate <hz>', 'at most so many pushes a second', rate)
    .option('--filter <json>', 'only the rows, entries or values that pass', filter)
    .option('--fields <names>', 'only these members of them, with commas between', (names) => names.split(','))
    .option('--delta', 'changes of a state or table in place of whole values: fewer bytes, the same lines')
    .option('--count <n>', 'end after so many lines', wholeNumber)
    .option('--raw', 'the pushes as they come')
    .option('--record', 'with times, kinds and operations: what a source of kind replay plays again')
    .addHelpText(
      'after',
      `
Several topics, or a pattern: each line is {"topic": …, "data": …}.

Examples:
  tidewall subscribe shop/orders --filter '["total", "gt", 100]' --fields id,total
  tidewall subscribe 'plant/+/oee' --rate 2
  tidewall subscribe host/cpu --since-ms 3600000 --points 500
  tidewall subscribe 'plant/#' --record > monday.ndjson
${EXIT_CODES}`,
    )
    .action((names: string[], options: SubscribeOptions) => subscribe(names, options));
}

function addTap(program: Command): void {
  program
    .command('tap')
    .description('watch what goes through topics: rate, bytes, freshness and the newest value, each second')
    .argument('<topic...>', "plant/line-1/oee, or a pattern: 'plant/+/oee', 'plant/#'")
    .addOption(urlOption())
    .addHelpText(
      'after',
      `
Ends with Ctrl-C. Without a terminal it prints a line for each topic, each second.

Examples:
  tidewall tap 'host/#'
  tidewall tap redis/news plant/line-1/oee >> tap.log
${EXIT_CODES}`,
    )
    .action((names: string[], options: TapOptions) => tap(names, options));
}

function addTopics(program: Command): void {
  const list = program
    .command('topics')
    .description('list the topics of a server, or say what they are')
    .enablePositionalOptions()
    .addOption(urlOption())
    .option('--json', 'a JSON line each')
    .action(topics);
  list
    .command('show')
    .description('what is said of topics, in the order in which it counts')
    .argument('[topic]', 'only what matches it: the first line counts')
    .addOption(urlOption())
    .option('--json', 'a JSON line each')
    .action((topic: string | undefined, options) => showSettings(topic, options));
  list
    .command('set')
    .description('say what the topics of a pattern are, in place of what was set for it before')
    .argument('<pattern>', 'plant/+/oee: + for one part, # for the rest')
    .addOption(urlOption())
    .addOption(new Option('--kind <kind>', 'what they become').choices(KINDS))
    .option('--key-field <name>', 'what identifies a row of a table (default: id)')
    .option('--keep-count <n>', 'entries, points or rows that are kept', wholeNumber)
    .option('--keep-bytes <n>', 'bytes that are kept', wholeNumber)
    .option('--keep-age-ms <ms>', 'how long something is kept', wholeNumber)
    .option('--expect-every-ms <ms>', 'the cadence: after twice this they are late', wholeNumber)
    .option('--schema <file>', 'JSON Schema of a value, a row, a point or an entry')
    .option('--no-retain', 'they do not survive a restart')
    .option('--read-only', 'only a source may publish to them')
    .option('--at <n>', 'place in the list, 0 counts first (default: where it is, else first)', wholeNumber)
    .option('--reset', 'topics may start again, empty, when their kind or key changes')
    .addHelpText(
      'after',
      `\nExample:\n  tidewall topics set 'plant/+/oee' --kind state --schema oee.json\n${EXIT_CODES}`,
    )
    .action((pattern: string, options: SetOptions) => setTopics(pattern, options));
  list
    .command('unset')
    .description('take back what was set for a pattern')
    .argument('<pattern>')
    .addOption(urlOption())
    .option('--reset', 'topics may start again, empty, when their kind or key changes')
    .action((pattern: string, options) => unsetTopics(pattern, options));
  list
    .command('delete')
    .description('let a topic go with all that is kept of it')
    .argument('<topic>')
    .addOption(urlOption())
    .action((topic: string, options) => deleteTopic(topic, options));
}

function addSources(program: Command): void {
  const list = program
    .command('sources')
    .description('the sources of a server: list them, make them, try them')
    .enablePositionalOptions()
    .addOption(urlOption())
    .option('--json', 'a JSON line each')
    .action((options: SourceOptions) => listSources(options));
  const word = (name: string, description: string) =>
    list.command(name).description(description).addOption(urlOption());
  const withSettings = (command: Command) =>
    command
      .option('--kind <kind>', 'what it is; see "tidewall sources kinds"')
      .option(
        '--set <name=value>',
        'a setting; again for each: --set intervalMs=5000 --set tls.insecure=true',
        collect,
        [],
      )
      .option('--file <file>', 'settings as YAML or JSON, as they stand in the configuration')
      .option('--secret <setting>', 'the value of this setting is the first line of standard input');
  withSettings(word('add', 'make one').argument('<name>'))
    .option('--replace', 'in place of the one of that name, if there is one')
    .addHelpText(
      'after',
      `
Examples:
  tidewall sources add orders --kind csv --set path=orders.csv --set keyField=id
  tidewall sources add oee --kind http --set url=https://mes.example/api/oee --set intervalMs=5000
  tidewall sources add sales --file sales.yaml --secret password < password.txt
${EXIT_CODES}`,
    )
    .action((name: string, options: AddSourceOptions) => addSource(name, options));
  const trial = (name: string, description: string) =>
    withSettings(word(name, description).argument('[name]', 'one that there is; without it, one of --kind and --set'))
      .option('--param <name=value>', 'the value of a parameter; again for each', collect, [])
      .option('--json', 'as JSON');
  trial('test', 'try whether one works; nothing is published').action(
    (name: string | undefined, options: TrySourceOptions) => testSource(name, options),
  );
  trial('preview', 'see what one brings: rows and their types; nothing is published')
    .option('--rows <n>', 'at most so many (default: 50)', wholeNumber)
    .action((name: string | undefined, options: TrySourceOptions) => previewSource(name, options));
  word('show', 'how one is set, without its secrets')
    .argument('<name>')
    .option('--json', 'on one line')
    .action((name: string, options: SourceOptions) => showSource(name, options));
  word('remove', 'take one away; what its topics hold stays')
    .argument('<name>')
    .action((name: string, options: SourceOptions) => removeSource(name, options));
  word('kinds', 'the kinds that there are, or the JSON Schema of what can be set for one')
    .argument('[kind]')
    .option('--json', 'a JSON line each')
    .action((kind: string | undefined, options: SourceOptions) => sourceKinds(kind, options));
}

function addSelftest(program: Command, version: string): void {
  program
    .command('selftest')
    .description('try the rules of the server with real clients, on this machine')
    .option('--seed <number>', 'makes the same choices again (default: any)', wholeNumber)
    .option('--only <name...>', 'these scenarios alone')
    .option('--list', 'the scenarios, and the rule that each tries')
    .option('--json', 'a JSON line each')
    .addHelpText('after', `\nIt starts a server of its own, and takes about half a minute at most.\n${EXIT_CODES}`)
    .action((options: SelftestOptions) => selftest(options, version));
}

/** Options of `serve` that were typed, under the names of the settings. */
function flagsOf(command: Command): Partial<Record<FlagName | 'config', Flag>> {
  const settings: Readonly<Record<string, { name: FlagName | 'config'; flag: string }>> = {
    port: { name: 'port', flag: '--port' },
    host: { name: 'host', flag: '--host' },
    access: { name: 'access', flag: '--access' },
    dataDir: { name: 'dataDir', flag: '--data-dir' },
    config: { name: 'config', flag: '--config' },
    screens: { name: 'screens', flag: '--screens' },
    broker: { name: 'broker', flag: '--broker' },
    demo: { name: 'demo', flag: '--demo' },
    logLevel: { name: 'logLevel', flag: '--log-level' },
    node: { name: 'node', flag: '--node' },
    listen: { name: 'listen', flag: '--listen' },
    redis: { name: 'redis', flag: '--redis' },
    allowedOrigin: { name: 'allowedOrigins', flag: '--allowed-origin' },
    allowedHost: { name: 'allowedHosts', flag: '--allowed-host' },
  };
  const flags: Partial<Record<FlagName | 'config', Flag>> = {};
  for (const [option, { name, flag }] of Object.entries(settings)) {
    if (command.getOptionValueSource(option) !== 'cli') continue;
    const value = command.getOptionValue(option) as string | boolean | string[];
    flags[name] = { flag, value: asSetting(name, value) };
  }
  return flags;
}

function asSetting(name: FlagName | 'config', value: string | boolean | string[]): JsonValue {
  if (name === 'port' && /^\d+$/.test(String(value))) return Number(value);
  return name === 'listen' ? portsByKind(String(value)) : value;
}

function rate(text: string): number {
  const hz = Number(text);
  if (!(hz >= 0.001 && hz <= 1_000_000)) throw new InvalidArgumentError('it must be a number from 0.001 on.');
  return hz;
}

function filter(text: string): Filter {
  try {
    return parseFilter(JSON.parse(text));
  } catch (failure) {
    throw new InvalidArgumentError(`${(failure as Error).message}; it is like ["site", "eq", "sh"].`);
  }
}
