import { PatternTree } from '@tidewall/hub';
import type { TopicName, TopicPattern } from '@tidewall/protocol';
import type { TopicConfig } from './topic-settings-schema.ts';

/** Where something was said of topics: through the API, or in the configuration. */
export type SettingsOrigin = 'api' | 'file';

export interface TopicSettingsRow {
  readonly from: SettingsOrigin;
  readonly settings: TopicConfig;
}

/**
 * What is said of topics, by pattern, in the order in which it counts: what was said through the API before what the
 * configuration says, being the newer word. It never changes; a change is another list.
 */
export class TopicSettingsList {
  readonly rows: readonly TopicSettingsRow[];
  readonly #byPattern = new PatternTree<number>();

  constructor(made: readonly TopicConfig[], configured: readonly TopicConfig[]) {
    this.rows = [
      ...made.map((settings) => ({ from: 'api', settings }) as const),
      ...configured.map((settings) => ({ from: 'file', settings }) as const),
    ];
    for (const [index, { settings }] of this.rows.entries()) {
      this.#byPattern.add(settings.pattern as TopicPattern, index);
    }
  }

  of(origin: SettingsOrigin): readonly TopicConfig[] {
    return this.rows.filter(({ from }) => from === origin).map(({ settings }) => settings);
  }

  /** What is said of a topic: the first pattern that matches counts alone. */
  settingsOf(topic: TopicName): TopicConfig | undefined {
    return this.matching(topic)[0]?.settings;
  }

  /** All that match, the one that counts first. */
  matching(topic: TopicName): readonly TopicSettingsRow[] {
    const indices = this.#byPattern.match(topic).sort((a, b) => a - b);
    return indices.map((index) => this.rows[index] as TopicSettingsRow);
  }

  /** Another list in which this is said through the API: at that place, else where it was before, else first. */
  with(settings: TopicConfig, at?: number): TopicSettingsList {
    const made = [...this.of('api')];
    const before = made.findIndex(({ pattern }) => pattern === settings.pattern);
    if (before >= 0) made.splice(before, 1);
    made.splice(at ?? Math.max(0, before), 0, settings);
    return new TopicSettingsList(made, this.of('file'));
  }

  /** Another list without what was said of a pattern through the API; this one when nothing was. */
  without(unwanted: string): TopicSettingsList {
    const made = this.of('api');
    const left = made.filter(({ pattern }) => pattern !== unwanted);
    return left.length === made.length ? this : new TopicSettingsList(left, this.of('file'));
  }
}
