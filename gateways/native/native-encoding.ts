import { assertNever, type Clock } from '@tidewall/base';
import type { Push } from '@tidewall/contracts';
import {
  CLOSE_CODES,
  type CloseName,
  type CommandName,
  type HistoryPage,
  type Position,
  type Replies,
  type TidewallError,
  writeHistory,
} from '@tidewall/protocol';

/**
 * One line a push, newline between, as `PushFrame` says. The JSON texts of the data go in as they are: this runs for
 * every publication, and parsing them would cost more than everything else here.
 */
export function encodePushes(pushes: readonly Push[]): string {
  return pushes.map(encodePush).join('\n');
}

/** The answer to a command that was carried out. */
export function encodeReply<Name extends CommandName>(id: number, command: Name, reply: Replies[Name]): string {
  return JSON.stringify({ id, [command]: reply });
}

/** The answer to `publish`, which there are more of than of all others. */
export function encodePublished(id: number, { epoch, offset }: Position): string {
  return `{"id":${id},"publish":{"epoch":"${epoch}","offset":${offset}}}`;
}

/** The answer to `history`; the data is not parsed on its way. */
export function encodeHistory(id: number, page: HistoryPage): string {
  return `{"id":${id},"history":${writeHistory(page)}}`;
}

/** The answer to a command that was refused; `id` is 0 where the frame had none that could be read. */
export function encodeError(id: number, error: TidewallError): string {
  return JSON.stringify({ id, error: error.toBody() });
}

/** A clock sample: sent by the client at `t0`, seen here at `t1`, answered at `t2`; ms since 1970, each by its own clock. */
export function encodePong(t0: number, t1: number, t2: number): string {
  return JSON.stringify({ pong: { t0, t1, t2 } });
}

/** Why the server closes; the last line of a connection that it ends. */
export function encodeBye(name: CloseName, reason: string, afterMs?: readonly [number, number], now?: number): string {
  const code = { code: CLOSE_CODES[name].code, reason };
  return JSON.stringify({ bye: { ...code, ...(afterMs && { afterMs }), ...(now !== undefined && { now }) } });
}

/** `encodeBye` for one server: whose clock was off is told the right time. */
export function createLastWord(clock: Clock): (...bye: Parameters<typeof encodeBye>) => string {
  return (name, reason, afterMs) => encodeBye(name, reason, afterMs, name === 'clock_skew' ? clock.now() : undefined);
}

function encodePush(push: Push): string {
  const head = `{"t":${push.view}`;
  switch (push.type) {
    case 'value':
      return `${head}${place(push)}${push.reset ? ',"r":1' : ''},"d":${push.json}}`;
    case 'merge':
      return `${head}${place(push)},"m":${push.json}}`;
    case 'rows':
      return `${head}${place(push)}${rows(push.upserts, push.removals)}}`;
    case 'gap':
      return `${head},"o":${push.offset},"gap":{"from":${push.from},"to":${push.to}}}`;
    case 'position':
      return `${head}${place(push)}}`;
    case 'presence':
      return `${head},"who":${JSON.stringify(push.presence)}}`;
    case 'presence-change':
      return `${head},"join":${JSON.stringify(push.join)},"leave":${JSON.stringify(push.leave)},"count":${push.count}}`;
    case 'found':
      return `${head},"new":${JSON.stringify(push.found)}}`;
    case 'freshness':
      return `${head},"q":${JSON.stringify(push.freshness)}}`;
    case 'end':
      return `${head},"end":${JSON.stringify({ code: push.code, reason: push.reason })}}`;
    default:
      return assertNever(push);
  }
}

function place(push: { readonly offset: number; readonly at: number; readonly n: number }): string {
  return `,"o":${push.offset},"at":${push.at}${push.n > 1 ? `,"n":${push.n}` : ''}`;
}

function rows(upserts: string, removals: string): string {
  const gone = removals === '[]' ? '' : `,"x":${removals}`;
  // Rows that came and went in one push leave both empty; `u` then still says what kind of push it is.
  return upserts === '[]' && gone !== '' ? gone : `,"u":${upserts}${gone}`;
}
