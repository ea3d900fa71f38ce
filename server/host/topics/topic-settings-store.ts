import type { HubPort, Principal, Store } from '@tidewall/contracts';
import { TidewallError, type TopicName } from '@tidewall/protocol';
import { TopicSettingsList } from './topic-settings-list.ts';
import { readTopicSettings, topicSettingsText, writeTopicSettings } from './topic-settings-record.ts';
import type { TopicConfig } from './topic-settings-schema.ts';

/** How much may be said of topics through the API: patterns, and the characters that keeping them takes. */
export const TOPIC_SETTINGS_LIMITS = { patterns: 1000, characters: 4 * 1024 * 1024 } as const;

export interface ChangeOptions {
  readonly principal: Principal;
  readonly hub: HubPort;
  /** Whether topics may lose what they hold. */
  readonly reset: boolean;
  /** Topics of which something else has the say. */
  isGiven(topic: TopicName): boolean;
}

/** What is said of topics; what was said of them through the API is kept. */
export class TopicSettingsStore {
  readonly #store: Store;
  #list: TopicSettingsList;
  /** Changes are made one after another, each on what the one before it has left. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: Store, list: TopicSettingsList) {
    this.#store = store;
    this.#list = list;
  }

  /** @throws ConfigError when what is kept cannot be used */
  static async open(store: Store, configured: readonly TopicConfig[]): Promise<TopicSettingsStore> {
    return new TopicSettingsStore(store, new TopicSettingsList(await readTopicSettings(store), configured));
  }

  get list(): TopicSettingsList {
    return this.#list;
  }

  /**
   * Keeps a change, and then carries it out. Resolves with the topics that start again, without what they held.
   *
   * @throws TidewallError conflict when there are some and `reset` does not allow it, limit_exceeded, storage_full
   */
  change(edit: (list: TopicSettingsList) => TopicSettingsList, options: ChangeOptions): Promise<readonly TopicName[]> {
    const changed = this.#last.then(() => this.#change(edit(this.#list), options));
    this.#last = changed.catch(() => {});
    return changed;
  }

  async #change(next: TopicSettingsList, options: ChangeOptions): Promise<readonly TopicName[]> {
    if (next === this.#list) return [];
    const made = next.of('api');
    refuseTooMuch(made);
    const restarting = topicsThatRestart(next, options);
    if (restarting.length > 0 && !options.reset) throw wouldRestart(restarting);
    await writeTopicSettings(this.#store, made);
    this.#list = next;
    await options.hub.reconfigure();
    return restarting;
  }
}

/** Topics that would be of another kind, or have another key, and hold something now. */
function topicsThatRestart(next: TopicSettingsList, { hub, principal, isGiven }: ChangeOptions): readonly TopicName[] {
  return hub
    .topics(principal)
    .filter(({ topic, kind, keyField, offset, source }) => {
      // Of its own topics a source says what they are.
      if (offset === 0 || source !== undefined || isGiven(topic)) return false;
      const said = next.settingsOf(topic);
      return (said?.kind ?? kind) !== kind || (kind === 'table' && (said?.keyField ?? keyField) !== keyField);
    })
    .map(({ topic }) => topic);
}

function wouldRestart(topics: readonly TopicName[]): TidewallError {
  const named = topics.slice(0, 3).join(', ');
  const more = topics.length > 3 ? ` and ${topics.length - 3} more` : '';
  return new TidewallError(
    'conflict',
    `${named}${more} would be of another kind or have another key, and lose what they hold; allow it with reset=true`,
    { detail: { topics: topics.slice(0, 100), count: topics.length } },
  );
}

function refuseTooMuch(made: readonly TopicConfig[]): void {
  const { patterns, characters } = TOPIC_SETTINGS_LIMITS;
  if (made.length > patterns) {
    throw new TidewallError(
      'limit_exceeded',
      `settings may be made for ${patterns} patterns; write more into the file`,
      {
        detail: { limit: 'patterns', max: patterns },
      },
    );
  }
  if (topicSettingsText(made).length > characters) {
    throw new TidewallError('limit_exceeded', `all settings together may have ${characters} characters`, {
      detail: { limit: 'characters', max: characters },
    });
  }
}
