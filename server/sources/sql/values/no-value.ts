/** What stands for a number that JSON has not: NaN, or one without end. */
export const NO_NUMBER = Symbol('no number');

/** What stands for a time that is none: `infinity`, `0000-00-00`. */
export const NO_TIME = Symbol('no time');

export type NoValue = typeof NO_NUMBER | typeof NO_TIME;
