/** A command cannot go on: the message is for the one who typed it, the code for the program that started it. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: number;

  /** @param exitCode 1: it was tried and failed; 2: it was asked for wrongly */
  constructor(message: string, exitCode: 1 | 2 = 1, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}
