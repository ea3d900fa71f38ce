import type { JsonValue } from '@tidewall/base';
import type { Work } from '../work.ts';

/** A step that is ready to run: from data to data, which it does not change. */
export type RunStep = (data: JsonValue, work: Work) => JsonValue | Promise<JsonValue>;

/** A step that needs nothing but the data, and so answers at once. */
export type RunStepNow = (data: JsonValue, work: Work) => JsonValue;

/** A CEL expression that has been checked; it looks at one row and cannot change it. */
export type CelProgram = (row: JsonValue, work: Work) => JsonValue;

/** Reads and checks a CEL expression. @throws TidewallError bad_request saying what is wrong with it */
export type CompileCel = (text: string) => CelProgram;

/** Runs what a stranger wrote, with bounds on time, memory and size, where it can reach nothing. */
export interface Sandbox {
  /** What the body of a function of `data` returns. @throws TidewallError naming what was exceeded or went wrong */
  script(code: string, data: JsonValue): Promise<JsonValue>;
  /** What a JSONata expression makes of the data. @throws TidewallError naming what was exceeded or went wrong */
  jsonata(expression: string, data: JsonValue): Promise<JsonValue>;
}

/** What steps need beside the data. What is not there makes the steps that need it be refused by name. */
export interface TransformServices {
  /** What a topic holds now, for `join`; undefined when it holds nothing. */
  readonly rowsOf?: ((topic: string) => JsonValue | undefined) | undefined;
  /** For `script` and `jsonata`; the server has one. */
  readonly sandbox?: Sandbox | undefined;
  /** For CEL, which weighs too much for pages that use none. */
  readonly cel?: CompileCel | undefined;
}
