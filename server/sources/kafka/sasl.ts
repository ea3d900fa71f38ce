import { TidewallError } from '@tidewall/protocol';
import { reasonOf } from '../reason.ts';
import type { KafkaConfig } from './config.ts';
import { wordsOfKafkaError } from './error-words.ts';
import { type Asking, askAuthenticate, askHandshake } from './requests.ts';
import { Scram } from './scram.ts';

type Sasl = NonNullable<KafkaConfig['sasl']>;

/** Shows a broker who we are, as SASL does it. @throws TidewallError source_error when it does not believe us, or is not to be believed */
export async function showPassword(link: Asking, { mechanism, username, password }: Sasl): Promise<void> {
  const { error, mechanisms } = await link.ask(askHandshake(mechanism.toUpperCase()));
  if (error !== 0) {
    const others = mechanisms.length === 0 ? '' : `; it takes ${mechanisms.join(', ').toLowerCase().slice(0, 200)}`;
    throw link.failure('does not let us in', `${wordsOfKafkaError(error)}, ${mechanism}${others}`);
  }
  if (mechanism === 'plain') {
    await say(link, `\0${username}\0${password}`);
    return;
  }
  const scram = new Scram({ hash: mechanism === 'scram-sha-256' ? 'sha256' : 'sha512', username, password });
  const first = await say(link, scram.first);
  try {
    scram.verify(await say(link, await scram.final(first)));
  } catch (failure) {
    if (failure instanceof TidewallError) throw failure;
    throw link.failure('does not let us in', reasonOf(failure));
  }
}

async function say(link: Asking, said: string): Promise<string> {
  const answer = await link.ask(askAuthenticate(said));
  if (answer.error === 0) return answer.said;
  throw link.failure('does not let us in', wordsOfKafkaError(answer.error));
}
