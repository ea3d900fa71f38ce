import type { SourceDefinition } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import type { z } from 'zod';

/**
 * The checked settings of its kind of one source, with its defaults filled in; giving it a checked one changes nothing.
 *
 * @throws TidewallError bad_request naming each wrong field as `sources.<name>.<field>`
 */
export function parseSourceConfig<Config>(name: string, definition: SourceDefinition<Config>, config: unknown): Config {
  const result = definition.configSchema.safeParse(config);
  if (result.success) return result.data;
  throw wrongSettings(name, definition, result.error.issues);
}

/** What is wrong with the settings of a source, each by its field. */
export function wrongSettings(
  name: string,
  { kind }: Pick<SourceDefinition, 'kind'>,
  issues: readonly z.core.$ZodIssue[],
): TidewallError {
  const complaints = issues.map((issue) => describeIssue(`sources.${name}`, issue));
  return new TidewallError('bad_request', complaints.join('; '), { detail: { source: name, kind } });
}

function describeIssue(at: string, issue: z.core.$ZodIssue): string {
  const place = [at, ...issue.path.map(String)].join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${place}.${key} is not a setting of this kind of source`).join('; ');
  }
  return `${place}: ${issue.message}`;
}
