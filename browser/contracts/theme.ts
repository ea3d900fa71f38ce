/** The looks of a screen as tokens; colours are CSS colours. */
export interface Theme {
  readonly name: string;
  readonly dark: boolean;
  /** Behind everything. */
  readonly ground: string;
  /** A second ground for a very soft gradient. */
  readonly groundDeep: string;
  /** Behind an element. */
  readonly surface: string;
  readonly line: string;
  /** Text, strongest first. */
  readonly text: readonly [string, string, string, string, string];
  readonly accent: string;
  readonly alert: string;
  readonly warn: string;
  readonly good: string;
  /** Colours of data, in order. */
  readonly palette: readonly string[];
  readonly fontText: string;
  /** For numbers; used with tabular figures. */
  readonly fontNumber: string;
}
