import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import { nearestNames } from '../nearest-name.ts';
import { DIALECT, KEYWORDS, type KeywordValue, REFERENCE, TYPES } from './keywords.ts';
import { DATA_SCHEMA_LIMITS } from './limits.ts';
import { measureDataSchema } from './measure-data-schema.ts';
import { regexSize } from './regex.ts';
import type { SchemaFault } from './schema-fault.ts';

type Path = SchemaFault['path'];

/**
 * What is wrong with a schema; undefined when it is one whose checks are known and bounded: keywords from the list,
 * values of their types, references within it that do not lead back, no more work for each value than allowed.
 */
export function dataSchemaFault(schema: JsonObject): SchemaFault | undefined {
  const size = sizeOf(schema);
  if (size > DATA_SCHEMA_LIMITS.characters) {
    return { path: [], says: `must have at most ${DATA_SCHEMA_LIMITS.characters} characters of JSON` };
  }
  const walk = new Walk(schema);
  return walk.schema(schema, []) ?? walk.patterns() ?? measureDataSchema(schema);
}

/** Infinity when it nests without end, which YAML can say. */
function sizeOf(schema: JsonObject): number {
  try {
    return JSON.stringify(schema).length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Looks at every subschema once, wherever it stands. */
class Walk {
  readonly #root: JsonObject;
  readonly #patterns: { readonly pattern: string; readonly path: Path }[] = [];

  constructor(root: JsonObject) {
    this.#root = root;
  }

  schema(value: unknown, path: Path): SchemaFault | undefined {
    if (typeof value === 'boolean' && path.length > 0) return undefined;
    if (!isJsonObject(value)) return { path, says: 'must be a schema (an object)' };
    // A level of schemas takes one or two steps; what is deeper must not be walked to its end to know it.
    if (path.length > 2 * DATA_SCHEMA_LIMITS.depth) return { path: [], says: tooDeep() };
    return first(Object.entries(value), ([keyword, says]) => {
      const wanted = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
      return wanted === undefined ? unknown(keyword, path) : this.#keyword(wanted, says, [...path, keyword]);
    });
  }

  /** The regular expressions, once everything else is right. */
  patterns(): SchemaFault | undefined {
    let size = 0;
    return first(this.#patterns, ({ pattern, path }) => {
      const { regexCharacters, regexSize: most } = DATA_SCHEMA_LIMITS;
      // Looked at before it is compiled: what is counted out, as in a{1000}, becomes large only then.
      if (pattern.length > regexCharacters) return { path, says: `must have at most ${regexCharacters} characters` };
      try {
        size += regexSize(pattern);
      } catch (failure) {
        const why = failure instanceof Error ? failure.message.replace(/^error parsing regexp: /, '') : String(failure);
        return { path, says: `must be a regular expression of RE2 (${why})` };
      }
      return size <= most ? undefined : { path, says: `makes the expressions of the schema larger than ${most} steps` };
    });
  }

  #keyword(wanted: KeywordValue, value: JsonValue, path: Path): SchemaFault | undefined {
    switch (wanted) {
      case 'schema':
        return this.schema(value, path);
      case 'schemas':
        return this.#byName(value, path);
      case 'regex schemas':
        return this.#byName(value, path) ?? first(Object.keys(value as JsonObject), (name) => this.#regex(name, path));
      case 'definitions':
        if (path.length > 1) return { path, says: 'may stand at the top only' };
        return this.#byName(value, path);
      case 'schema list':
        if (!Array.isArray(value) || value.length === 0) return { path, says: 'must be a list of schemas' };
        return first([...value.entries()], ([index, one]) => this.schema(one, [...path, index]));
      case 'regex':
        return typeof value === 'string' ? this.#regex(value, path) : { path, says: 'must be a regular expression' };
      case 'reference':
        return this.#reference(value, path);
      case 'names by name':
        if (!isJsonObject(value)) return { path, says: 'must be lists of names, by name' };
        return first(Object.entries(value), ([name, names]) => plainFault('names', names, [...path, name]));
      default:
        return plainFault(wanted, value, path);
    }
  }

  #byName(value: JsonValue, path: Path): SchemaFault | undefined {
    if (!isJsonObject(value)) return { path, says: 'must be schemas by name' };
    return first(Object.entries(value), ([name, one]) =>
      // The checks pass a member of that name over, and a rule that holds nothing must not look as if it did.
      name === '__proto__'
        ? { path: [...path, name], says: 'is a name that cannot be checked' }
        : this.schema(one, [...path, name]),
    );
  }

  #regex(pattern: string, path: Path): undefined {
    this.#patterns.push({ pattern, path });
  }

  #reference(value: JsonValue, path: Path): SchemaFault | undefined {
    const name = typeof value === 'string' ? REFERENCE.exec(value)?.[1] : undefined;
    if (name === undefined) return { path, says: 'must be like "#/$defs/point": only what stands in this schema' };
    const definitions = this.#root['$defs'];
    if (isJsonObject(definitions) && Object.hasOwn(definitions, name)) return undefined;
    return { path, says: 'names nothing in $defs' };
  }
}

/** Values that hold no schema. */
function plainFault(wanted: KeywordValue, value: JsonValue, path: Path): SchemaFault | undefined {
  const must = (fits: boolean, what: string) => (fits ? undefined : { path, says: `must be ${what}` });
  switch (wanted) {
    case 'number':
      return must(Number.isFinite(value), 'a number');
    case 'positive':
      return must(Number.isFinite(value) && (value as number) > 0, 'a number above 0');
    case 'count':
      return must(Number.isSafeInteger(value) && (value as number) >= 0, 'a whole number, 0 or more');
    case 'flag':
      return must(typeof value === 'boolean', 'true or false');
    case 'text':
      return must(typeof value === 'string', 'a text');
    case 'names':
      return must(
        Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '__proto__'),
        'a list of names',
      );
    case 'values':
      return must(Array.isArray(value) && value.length > 0, 'a list of at least one value');
    case 'types':
      return must(
        (Array.isArray(value) ? value : [value]).every((type) => (TYPES as readonly unknown[]).includes(type)),
        `one of ${TYPES.join(', ')}, or a list of them`,
      );
    case 'dialect':
      return must(value === DIALECT || value === `${DIALECT}#`, DIALECT);
    default:
      return undefined;
  }
}

function tooDeep(): string {
  return `nests deeper than ${DATA_SCHEMA_LIMITS.depth} levels`;
}

function unknown(keyword: string, path: Path): SchemaFault {
  const [nearest] = nearestNames(keyword, Object.keys(KEYWORDS));
  const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
  return { path: [...path, keyword], says: `is no keyword that is checked here${hint}` };
}

function first<T>(items: readonly T[], faultOf: (item: T) => SchemaFault | undefined): SchemaFault | undefined {
  for (const item of items) {
    const fault = faultOf(item);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
