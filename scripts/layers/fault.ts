/** A place where the house is not as ARCHITECTURE.md says, and how to mend it. */
export interface Fault {
  readonly path: string;
  readonly line: number;
  /** What stands there: `import "@tidewall/hub"`. */
  readonly what: string;
  /** Why that is wrong. */
  readonly why: string;
  /** What to do instead. */
  readonly cure: string;
}

/** `server/hub/hub.ts:3: import "ws": server/hub does not declare ws; add it … or …`, for a terminal. */
export function faultLine({ path, line, what, why, cure }: Fault): string {
  return `${path}:${line}: ${what}: ${why}. ${cure}.`;
}
