import type { JsonObject } from '@tidewall/base';
import type { SourceDefinition } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { readSettings } from '@tidewall/sources';
import { pathText, wrongPlaces } from './issue-sentence.ts';
import type { ConfiguredSource } from './load-config.ts';
import { nearestNames } from './nearest-name.ts';
import { ConfigError } from './startup-errors.ts';

/** A configured source whose settings are right. */
export interface CheckedSource {
  readonly source: ConfiguredSource;
  readonly definition: SourceDefinition;
}

/**
 * The sources with their kinds, each checked by its kind's own schema.
 *
 * @throws ConfigError naming every wrong setting of every source
 */
export function checkSources(
  sources: readonly ConfiguredSource[],
  definitions: ReadonlyMap<string, SourceDefinition>,
): CheckedSource[] {
  const complaints: string[] = [];
  const checked: CheckedSource[] = [];
  for (const source of sources) {
    const definition = definitions.get(source.kind);
    if (definition === undefined) {
      complaints.push(unknownKind(source, [...definitions.keys()]));
      continue;
    }
    const { configSchema, secrets } = definition;
    const reading = readSettings(definition, source.settings);
    if ('checked' in reading) checked.push({ source, definition });
    else complaints.push(...wrongSettings(source, wrongPlaces(reading.issues, source.settings, configSchema, secrets)));
  }
  if (complaints.length > 0) throw new ConfigError(complaints.slice(0, 20).join('\n'));
  return checked;
}

function wrongSettings({ name, from }: ConfiguredSource, places: ReturnType<typeof wrongPlaces>): string[] {
  return places.map(({ path, says }) => `${pathText(['sources', name, ...path])} ${says} (in ${from})`);
}

function unknownKind({ name, kind, from }: ConfiguredSource, kinds: readonly string[]): string {
  const [nearest] = nearestNames(kind, kinds);
  const hint = nearest === undefined ? `known are ${kinds.join(', ')}` : `did you mean "${nearest}"?`;
  return `sources.${name}.kind "${kind}" is not a kind of source; ${hint} (in ${from})`;
}

/**
 * Refuses settings that a kind cannot have.
 *
 * @throws TidewallError bad_request naming the first that is wrong, without the value of a secret
 */
export function refuseWrongSettings(definition: SourceDefinition, settings: JsonObject): void {
  const reading = readSettings(definition, settings);
  if ('checked' in reading) return;
  const [first] = wrongPlaces(reading.issues, settings, definition.configSchema, definition.secrets);
  const path = pathText(first?.path ?? []);
  throw new TidewallError('bad_request', `${path} ${first?.says ?? 'is wrong'}`, { detail: { path } });
}
