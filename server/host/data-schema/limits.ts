/**
 * How large a schema may be. Checking a publication costs at most its number of values times `load`, and its number of
 * characters times `regexSize`; at these numbers the worst of them stays near a second, and usual ones near nothing.
 */
export const DATA_SCHEMA_LIMITS = {
  /** Of JSON, notes and examples included. */
  characters: 64 * 1024,
  /** Subschemas, those that a reference names counted wherever they are named. */
  subschemas: 500,
  /** How deep they stand in each other. */
  depth: 32,
  /** Subschemas that any one value is held to; eight names or values in a list count as one. */
  load: 100,
  /** Of one regular expression. */
  regexCharacters: 256,
  /** Instructions of all regular expressions together. */
  regexSize: 500,
  /** Of an example in a refusal, in characters of JSON. */
  exampleCharacters: 2048,
} as const;
