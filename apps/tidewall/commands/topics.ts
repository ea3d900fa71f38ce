import { askForJson, parseServerUrl, topicPath } from '../server-api.ts';
import { type TopicRow, topicTable } from '../topic-table.ts';

const WIDTH = 80;

/** Lists the topics of a server, as a table or a JSON line each. */
export async function topics(options: { readonly url: string; readonly json?: boolean }): Promise<void> {
  const list = (await askForJson(parseServerUrl(options.url), 'api/topics')) as { now: number; topics: TopicRow[] };
  if (options.json) process.stdout.write(list.topics.map((row) => `${JSON.stringify(row)}\n`).join(''));
  else if (list.topics.length === 0) process.stderr.write('there are no topics yet\n');
  else process.stdout.write(topicTable(list.topics, list.now, process.stdout.columns ?? WIDTH));
}

/** Lets a topic go with all that is kept of it. */
export async function deleteTopic(topic: string, options: { readonly url: string }): Promise<void> {
  await askForJson(parseServerUrl(options.url), topicPath(topic), { method: 'DELETE' });
  process.stderr.write(`${topic} is gone\n`);
}
