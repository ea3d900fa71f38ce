/** The configuration cannot be used: every line of the message names a setting, what is allowed and where it came from. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** What a program that stops for this reason exits with. */
  readonly exitCode = 2;
}

/** The configuration is fine, but this machine does not let the server start; the message is one line for its owner. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly exitCode = 1;
}
