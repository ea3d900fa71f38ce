import type { Log } from '@tidewall/contracts';
import { type DestinationStream, pino } from 'pino';
import type { LogLevel } from './config.ts';
import { humanLine } from './human-line.ts';

export interface LogOptions {
  readonly level: LogLevel;
  /** Short lines for a person; JSON, a line each, otherwise. */
  readonly human: boolean;
  /** Whether the person's terminal shows colours. */
  readonly colors: boolean;
  readonly node: string;
  write(line: string): void;
}

/** Fields that never reach a log, wherever somebody puts them. */
const SECRET_FIELDS = ['password', 'secret', 'token', 'authorization', 'cookie', 'signature', 'payload', 'data'];

/** A log whose every record is one line, without payloads and secrets. */
export function createLog(options: LogOptions): Log {
  const stream: DestinationStream = {
    write: (line) => options.write(options.human ? humanLine(line, options.colors) : line),
  };
  const logger = pino(
    {
      level: options.level,
      base: options.human ? null : { node: options.node },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]), censor: '…' },
    },
    stream,
  );
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  };
}
