import { CommandFailure } from '../command-failure.ts';
import { askServer, parseServerUrl, refusalIn } from '../server-api.ts';
import { type TopicRow, topicTable } from '../topic-table.ts';

const WIDTH = 80;

/** Lists the topics of a server, as a table or a JSON line each. */
export async function topics(options: { readonly url: string; readonly json?: boolean }): Promise<void> {
  const answer = await askServer(parseServerUrl(options.url), 'api/topics');
  if (answer.status !== 200) throw new CommandFailure(refusalIn(answer));
  const list = JSON.parse(answer.text) as { now: number; topics: TopicRow[] };
  if (options.json) process.stdout.write(list.topics.map((row) => `${JSON.stringify(row)}\n`).join(''));
  else if (list.topics.length === 0) process.stderr.write('there are no topics yet\n');
  else process.stdout.write(topicTable(list.topics, list.now, process.stdout.columns ?? WIDTH));
}
