import type { JsonObject, JsonValue } from '@tidewall/base';
import { isJsonObject, setOwn } from '@tidewall/base';
import type { SourceDefinition } from '@tidewall/contracts';
import type { Parameters } from '@tidewall/request';
import { z } from 'zod';
import { parametersField } from './parameters.ts';
import { wrongSettings } from './source-config.ts';

/** Settings that every source has, beside those of its kind. */
const commonFields = {
  transforms: z
    .array(z.looseObject({ type: z.string() }))
    .max(50)
    .default([])
    .describe('steps that all of it goes through'),
  params: parametersField,
  maxVariants: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe('how many combinations of parameters are fed at once; more of them have failed until there is room'),
};
const commonSchema = z.strictObject(commonFields);

/** Whether every source has a setting of that name, whatever its kind: there are no secrets in those. */
export function isCommonSetting(name: string): boolean {
  return Object.hasOwn(commonFields, name);
}

/** What is set for a source whatever its kind. */
export interface CommonSettings {
  readonly transforms: readonly JsonObject[];
  readonly params: Parameters;
  readonly maxVariants: number;
}

/** The settings of one source, checked, with their defaults. */
export interface CheckedSettings {
  readonly common: CommonSettings;
  /** Those of its kind. */
  readonly own: unknown;
}

export type SettingsReading = { readonly checked: CheckedSettings } | { readonly issues: readonly z.core.$ZodIssue[] };

/** Checks all settings of a source but `kind`; each is found wrong by its field. */
export function readSettings(definition: SourceDefinition, settings: unknown): SettingsReading {
  const { common, own } = split(settings);
  const ofAll = commonSchema.safeParse(common);
  const ofKind = definition.configSchema.safeParse(own);
  const issues = [...(ofAll.error?.issues ?? []), ...(ofKind.error?.issues ?? [])];
  const { params = {}, maxVariants } = common;
  if (definition.takesParams !== true && (Object.keys(params as object).length > 0 || maxVariants !== undefined)) {
    const message = `is not a setting of this kind of source, whose questions have no parameters`;
    issues.push({ code: 'custom', path: ['params'], message, input: params });
  }
  if (ofAll.success && ofKind.success && definition.pageRequest?.(ofKind.data) !== undefined) {
    issues.push(...stepsOfServers(ofAll.data.transforms));
  }
  if (issues.length > 0 || !ofAll.success || !ofKind.success) return { issues };
  return { checked: { common: ofAll.data as CommonSettings, own: ofKind.data } };
}

/** Steps that no page can run, of a source that pages ask. */
function stepsOfServers(transforms: readonly { readonly type: string; readonly with?: unknown }[]): z.core.$ZodIssue[] {
  return transforms.flatMap((step, at) => {
    const why = whyOnlyServers(step);
    if (why === undefined) return [];
    const message = `${why}, and this source is asked by pages (request: browser): let the server ask, or do without that step`;
    return [{ code: 'custom', path: ['transforms', at], message, input: step }];
  });
}

function whyOnlyServers({ type, with: other }: { readonly type: string; readonly with?: unknown }): string | undefined {
  if (type === 'script' || type === 'jsonata') return `a ${type} runs in the sandbox of the server`;
  const joinsTopic =
    type === 'join' && !(isJsonObject(other as JsonValue) && Object.hasOwn(other as JsonObject, 'rows'));
  return joinsTopic ? 'a join with a topic runs on the server, which knows what topics hold' : undefined;
}

/**
 * As `readSettings`.
 *
 * @throws TidewallError bad_request naming each wrong field as `sources.<name>.<field>`
 */
export function parseSettings(name: string, definition: SourceDefinition, settings: unknown): CheckedSettings {
  const reading = readSettings(definition, settings);
  if ('checked' in reading) return reading.checked;
  throw wrongSettings(name, definition, reading.issues);
}

function split(settings: unknown): { readonly common: Record<string, JsonValue>; readonly own: unknown } {
  if (!isJsonObject(settings as JsonValue)) return { common: {}, own: settings };
  const common: Record<string, JsonValue> = {};
  const own: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(settings as JsonObject)) {
    setOwn(isCommonSetting(name) ? common : own, name, value);
  }
  return { common, own };
}

/** The JSON Schema of all settings of a kind of source, for forms and editors. */
export function settingsJsonSchema(definition: SourceDefinition): JsonObject {
  const options = { io: 'input', unrepresentable: 'any' } as const;
  const ofKind = z.toJSONSchema(definition.configSchema, options) as JsonObject;
  const ofAll = z.toJSONSchema(
    definition.takesParams ? commonSchema : commonSchema.pick({ transforms: true }),
    options,
  );
  const shared = { kind: { const: definition.kind }, ...(ofAll.properties as JsonObject) };
  const withShared = (schema: JsonObject): JsonObject => ({
    ...schema,
    properties: { ...shared, ...(schema['properties'] as JsonObject) },
    required: ['kind', ...((schema['required'] as JsonValue[] | undefined) ?? [])],
  });
  for (const word of ['oneOf', 'anyOf'] as const) {
    const alternatives = ofKind[word];
    if (Array.isArray(alternatives)) return { ...ofKind, [word]: (alternatives as JsonObject[]).map(withShared) };
  }
  return withShared(ofKind);
}
