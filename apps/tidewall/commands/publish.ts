import { systemClock } from '@tidewall/base';
import { CommandFailure } from '../command-failure.ts';
import { publishLines } from '../publish-lines.ts';
import { askServer, parseServerUrl, parseValue, refusalIn, topicPath } from '../server-api.ts';
import { harmless } from '../terminal-text.ts';

export interface PublishOptions {
  readonly url: string;
  readonly op?: string;
  readonly kind?: string;
  readonly json?: boolean;
  readonly text?: boolean;
  /** Names the publication; with standard input, of which line n is `<key>:n`, all of them. */
  readonly key?: string;
}

/** Publishes one value, or each line of standard input; exits with 1 when something was refused. */
export async function publish(topic: string, data: string | undefined, options: PublishOptions): Promise<void> {
  if (options.json && options.text) throw new CommandFailure('--json and --text cannot both be meant', 2);
  const as = options.json ? 'json' : options.text ? 'text' : 'either';
  const url = parseServerUrl(options.url);
  const { op, kind, key } = options;
  const rest = { ...(op !== undefined && { op }), ...(kind !== undefined && { kind }) };
  if (data !== undefined) return publishOne(url, topic, JSON.stringify(parseValue(data, as)), rest, key);

  const tell = (sentence: string) => process.stderr.write(`${harmless(sentence)}\n`);
  if (process.stdin.isTTY) tell('reading lines from the keyboard; Ctrl-D ends');
  process.stdin.setEncoding('utf8');
  const counts = await publishLines(process.stdin as AsyncIterable<string>, {
    url,
    publication: { topic, ...rest },
    key,
    parseValue: (line) => parseValue(line, as),
    clock: systemClock,
    tell,
    // A program that goes on writing to us would keep us alive after a failure.
  }).finally(() => process.stdin.destroy());
  tell(`published ${counts.published}${counts.refused > 0 ? `, refused ${counts.refused}` : ''}`);
  if (counts.refused > 0) process.exitCode = 1;
}

async function publishOne(
  url: string,
  topic: string,
  body: string,
  rest: Record<string, string>,
  key?: string,
): Promise<void> {
  const query = new URLSearchParams(rest).toString();
  const answer = await askServer(url, `${topicPath(topic)}${query === '' ? '' : `?${query}`}`, {
    body,
    ...(key !== undefined && { key }),
  });
  if (answer.status !== 200) throw new CommandFailure(refusalIn(answer));
  process.stdout.write(`${answer.text}\n`);
}
