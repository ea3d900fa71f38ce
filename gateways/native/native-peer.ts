import { type JsonValue, parseJson } from '@tidewall/base';
import { arrivedAs, type GatewayContext, type Outlet, type Principal, type Session } from '@tidewall/contracts';
import { type CloseName, PROTOCOL_VERSION, TEXT_HEARTBEATS, TidewallError } from '@tidewall/protocol';
import { commandIdOf, parseClientFrame, parsePublishLine } from '@tidewall/protocol/client-frame';
import type { ClientFrame, ConnectCommand, RefreshCommand, SignedKey } from '@tidewall/protocol/schema';
import { textHint, wireHint } from '../json/wire-hint.ts';
import { TakenSignature } from '../signed/index.ts';
import { COMMAND_COST, CommandRate, HEARTBEAT_COST } from './command-rate.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import { encodeError, encodeHistory, encodePong, encodePublished, encodeReply } from './native-encoding.ts';
import { MOST_UNANSWERED, Pipeline } from './pipeline.ts';
import { Progress } from './progress.ts';
import { validityOf, whoRefreshes, whoseToken } from './shown-proof.ts';
import { type ConnectRefusal, signedText, verifyConnect } from './signed-connect.ts';

/*
 *             connect                    close, peer gone
 *   waiting ───────────▶ connected ──────────────────────▶ ended
 *      │                                                     ▲
 *      └── connectTimeoutMs, version, limit, peer gone ──────┘
 *
 * Frames come in at `receive`. Heartbeats and clock pings are answered at once, since waiting would falsify them. All
 * else, refusals too, goes through one pipeline, so that answers come in the order of the commands.
 */

/** What a refused command of a server that stops is told; `bye` follows with the window to connect again in. */
const STOPPING_AFTER_MS = 1000;

/** The way out of one connection, as its peer sees it. The hub writes its pushes into the same one. */
export interface NativeWire extends Outlet {
  /** Above high water: `NativePeer.drained` is called when it is no more. */
  readonly congested: boolean;
  /** Sends lines as one frame; does nothing once closed. */
  send(text: string): void;
  /** Stops and starts reading from the client. */
  pause(): void;
  resume(): void;
  /** Ends the connection: a `bye` line, then the wire's own goodbye; calls `NativePeer.ended`. Again: does nothing. */
  close(code: CloseName, reason: string, afterMs?: readonly [number, number]): void;
}

type Command = Exclude<ClientFrame, { readonly type: 'ping' }>;
type AloneCommand = Exclude<Command, { readonly type: 'connect' | 'publish' }>;

interface Work {
  readonly id: number;
  /** What to do, or why not. */
  readonly command: Command | TidewallError;
}

/** A heartbeat or a blank line with more around it than this is as much work as a command. */
const MOST_HEARTBEAT_BYTES = 256;
/** Of a newline, in UTF-8 and in nothing else. */
const NEWLINE = 0x0a;

/**
 * One client of a native wire: its commands are carried out in order, each answered exactly once while the connection
 * lasts.
 */
export class NativePeer {
  readonly #context: GatewayContext;
  readonly #wire: NativeWire;
  readonly #principal: Principal;
  readonly #metrics: GatewayMetrics;
  /** Absent once nothing has come for long enough to be as good as new. */
  #rate: CommandRate | undefined;
  readonly #openedAt: number;
  #heardAt: number;
  readonly #progress: Progress;
  #session: Session | undefined;
  /** Of a session that was opened with one. */
  #signature: TakenSignature | undefined;
  /** While commands are unanswered. */
  #pipeline: Pipeline<Work> | undefined;
  #paused = false;
  #finishing = false;
  #ended = false;
  /** The answer to the newest heartbeat that came while the wire was congested; older ones need none. */
  #owedHeartbeat: string | undefined;
  /** Those who wait in `finish`. */
  #idle: (() => void)[] | undefined;

  constructor(context: GatewayContext, wire: NativeWire, principal: Principal, metrics: GatewayMetrics) {
    const now = context.clock.monotonic();
    this.#context = context;
    this.#wire = wire;
    this.#principal = principal;
    this.#metrics = metrics;
    this.#openedAt = now;
    this.#heardAt = now;
    this.#progress = new Progress(now);
  }

  /** Takes one frame, UTF-8 that was checked to be: lines, each a heartbeat or a JSON object. */
  receive(frame: Buffer): void {
    this.#metrics.tally.framesReceived += 1;
    this.#heardAt = this.#context.clock.monotonic();
    let start = 0;
    // A frame without a line counts as a blank one, or empty frames would be free.
    do {
      const newline = frame.indexOf(NEWLINE, start);
      const end = newline === -1 ? frame.length : newline;
      // Each line by itself: what is kept of one would otherwise keep the text of the whole frame.
      this.#takeLine(frame.toString('utf8', start, end).trim(), end - start);
      start = end + 1;
    } while (start < frame.length && !this.#ended);
  }

  /** Takes a heartbeat of the wire itself (a WebSocket ping or pong). True: it is within the rate and may be answered. */
  heartbeat(): boolean {
    this.#heardAt = this.#context.clock.monotonic();
    return !this.#ended && this.#admitHeartbeat(0);
  }

  /** The wire takes more again. */
  drained(): void {
    if (this.#owedHeartbeat !== undefined) this.#wire.send(this.#owedHeartbeat);
    this.#owedHeartbeat = undefined;
    this.#session?.drained();
    this.#pipeline?.advance();
  }

  /** Closes the connection when one of its times has run out; called about once a second. */
  sweep(): void {
    const { clock, limits } = this.#context;
    const now = clock.monotonic();
    if (this.#rate?.fresh(now)) this.#rate = undefined;
    if (this.#session === undefined && now - this.#openedAt >= limits.connectTimeoutMs) {
      this.#wire.close('connect_timeout', `no connect command within ${limits.connectTimeoutMs} ms`);
    } else if (!this.#paused && now - this.#heardAt >= limits.deadMs) {
      this.#wire.close('no_pong', `nothing was heard for ${limits.deadMs} ms`);
    } else if (this.#signature?.stands === false) {
      const { keyId, replaceable } = this.#signature;
      const code = replaceable ? 'token_expired' : 'closed_by_operator';
      this.#wire.close(code, `what the key ${keyId} has signed is not valid any more`);
    } else this.#checkProgress(now);
  }

  /** Takes no new commands; resolves when those under way are answered, or the connection has ended. */
  finish(): Promise<void> {
    this.#finishing = true;
    if (this.#pipeline === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = [...(this.#idle ?? []), resolve];
    });
  }

  /** The connection is over, from either side. */
  ended(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#pipeline?.end();
    this.#pipeline = undefined;
    this.#session?.end();
    this.#becomeIdle();
  }

  #takeLine(line: string, sizeBytes: number): void {
    const heartbeat = TEXT_HEARTBEATS.get(line);
    if (heartbeat !== undefined || line === '') {
      if (this.#admitHeartbeat(sizeBytes) && heartbeat !== undefined) this.#answerHeartbeat(heartbeat);
      return;
    }
    const publish = parsePublishLine(line);
    if (publish !== undefined) {
      this.#enqueue(publish.id, publish, sizeBytes);
      return;
    }
    let json: JsonValue;
    try {
      json = parseJson(line);
    } catch (error) {
      this.#metrics.rejected('not_json');
      this.#close('bad_frame', textHint(line) ?? (error instanceof SyntaxError ? error.message : 'not JSON'));
      return;
    }
    let frame: ClientFrame | TidewallError;
    try {
      frame = parseClientFrame(json);
    } catch (error) {
      const hint = wireHint(json, 'websocket');
      frame = hint === undefined ? this.#asTidewallError(error) : new TidewallError('unknown_command', hint);
    }
    if ('type' in frame && frame.type === 'ping') this.#takePing(frame.t0, sizeBytes);
    else this.#enqueue(commandIdOf(json) ?? 0, frame, sizeBytes);
  }

  #takePing(t0: number, sizeBytes: number): void {
    const t1 = this.#context.clock.now();
    if (this.#admitHeartbeat(sizeBytes)) this.#answerHeartbeat(encodePong(t0, t1, this.#context.clock.now()));
  }

  #answerHeartbeat(answer: string): void {
    if (this.#wire.congested) this.#owedHeartbeat = answer;
    else this.#wire.send(answer);
  }

  /** A refused heartbeat has no answer. */
  #admitHeartbeat(sizeBytes: number): boolean {
    const refusal = this.#admit(sizeBytes > MOST_HEARTBEAT_BYTES ? COMMAND_COST : HEARTBEAT_COST);
    if (refusal !== undefined && !this.#ended) this.#metrics.rejected(refusal.kind);
    return refusal === undefined;
  }

  /** The refusal, when commands come too fast; who ignores refusals is cut off. */
  #admit(cost: number): TidewallError | undefined {
    const now = this.#context.clock.monotonic();
    this.#rate ??= new CommandRate(this.#context.limits, now);
    const verdict = this.#rate.take(cost, now);
    if (verdict.type === 'admitted') return undefined;
    const { commandsPerSecond, commandBurst } = this.#context.limits;
    const limit = `${commandsPerSecond} commands a second, ${commandBurst} at once`;
    const error = new TidewallError('too_many_requests', `more than ${limit}`, {
      afterMs: verdict.type === 'refused' ? verdict.afterMs : 0,
    });
    if (verdict.type === 'flooding') {
      this.#metrics.rejected('flood');
      this.#close('too_many_requests', `went on after being refused for more than ${limit}`);
    }
    return error;
  }

  #enqueue(id: number, command: Command | TidewallError, sizeBytes: number): void {
    const refusal = this.#admit(COMMAND_COST) ?? (this.#finishing ? serverStops() : undefined);
    if (this.#ended) return;
    this.#pipeline ??= new Pipeline<Work>({
      overlaps: ({ command }) => command instanceof TidewallError || command.type === 'publish',
      carryOut: (work) => this.#carryOut(work),
      write: (lines) => this.#write(lines),
      congested: () => this.#wire.congested,
      moved: () => this.#moved(),
    });
    this.#pipeline.add({ id, command: refusal ?? command }, sizeBytes);
    if (this.#paused || !this.#full) return;
    this.#paused = true;
    this.#wire.pause();
  }

  get #full(): boolean {
    const { unanswered = 0, sizeBytes = 0 } = this.#pipeline ?? {};
    return unanswered > MOST_UNANSWERED || sizeBytes > this.#context.limits.frameBytes;
  }

  /** Answers have left the pipeline. */
  #moved(): void {
    if (this.#ended) return;
    if (this.#paused && !this.#full) {
      this.#paused = false;
      // What it sent while nobody read is not silence.
      this.#heardAt = this.#context.clock.monotonic();
      this.#wire.resume();
    }
    // A client with nothing to do keeps no pipeline.
    if (!this.#pipeline?.empty) return;
    this.#pipeline = undefined;
    this.#becomeIdle();
  }

  /** As few frames as the limit lets hold them. */
  #write(lines: readonly string[]): void {
    let frame = '';
    for (const line of lines) {
      // A UTF-16 unit is at most three bytes.
      if (frame !== '' && (frame.length + line.length) * 3 > this.#context.limits.frameBytes) {
        this.#wire.send(frame);
        frame = '';
      }
      frame = frame === '' ? line : `${frame}\n${line}`;
    }
    this.#wire.send(frame);
  }

  /** Closes after the answers that are there: who is cut off for a flood shall see that it was refused before. */
  #close(code: CloseName, reason: string): void {
    this.#pipeline?.settle();
    this.#wire.close(code, reason);
  }

  async #carryOut({ id, command }: Work): Promise<string | undefined> {
    try {
      if (command instanceof TidewallError) throw command;
      if (command.type === 'connect') return await this.#connect(id, command.body);
      const session = this.#session;
      if (session === undefined) throw new TidewallError('unauthenticated', 'the first command must be connect');
      if (command.type === 'publish') {
        return encodePublished(id, await this.#context.hub.publish(session.principal, command.body));
      }
      return await this.#carryOutAlone(session, id, command);
    } catch (error) {
      const refusal = this.#asTidewallError(error);
      this.#metrics.rejected(refusal.kind);
      return encodeError(id, refusal);
    }
  }

  /** Who connects: by what it has signed, by a token, or by nothing but what the request has shown. */
  #whoConnects({ key, token }: ConnectCommand): Principal | ConnectRefusal | Promise<Principal | ConnectRefusal> {
    if (key !== undefined) return verifyConnect(this.#context, key);
    if (token === undefined) return this.#principal;
    return whoseToken(this.#context, token, (failure) => this.#asTidewallError(failure));
  }

  async #refresh(session: Session, id: number, shown: RefreshCommand): Promise<string | undefined> {
    const principal = await whoRefreshes(this.#context, shown);
    if (this.#ended) return undefined;
    session.renew(principal);
    this.#signature = this.#takenOf(shown.key);
    return encodeReply(id, 'refresh', validityOf(principal, this.#context.clock.now()));
  }

  #takenOf(key: SignedKey | undefined): TakenSignature | undefined {
    return key && new TakenSignature(this.#context.keys, signedText(key));
  }

  async #carryOutAlone(session: Session, id: number, command: AloneCommand): Promise<string | undefined> {
    const { hub } = this.#context;
    switch (command.type) {
      case 'refresh':
        return await this.#refresh(session, id, command.body);
      case 'subscribe':
        // Answered from within, as pushes follow.
        await session.subscribe(command.body, (reply) => this.#wire.send(encodeReply(id, 'subscribe', reply)));
        return undefined;
      case 'configure': {
        const { topic, ...change } = command.body;
        session.configure(topic, change, (view) => this.#wire.send(encodeReply(id, 'configure', { topic: view })));
        return undefined;
      }
      case 'unsubscribe':
        session.unsubscribe(command.body.topic);
        return encodeReply(id, 'unsubscribe', {});
      case 'history':
        return encodeHistory(id, await hub.history(session.principal, command.body));
      case 'presence':
        return encodeReply(id, 'presence', await hub.presence(session.principal, command.body.topic));
    }
  }

  async #connect(id: number, command: ConnectCommand): Promise<string | undefined> {
    if (this.#session !== undefined) throw new TidewallError('bad_request', 'connect came before; it comes once');
    const { version, name, key } = command;
    if (version !== PROTOCOL_VERSION) {
      this.#wire.close('version_mismatch', `this server speaks version ${PROTOCOL_VERSION}, not ${version}`);
      return undefined;
    }
    const { hub, node, clock, limits } = this.#context;
    const principal = await this.#whoConnects(command);
    if (this.#ended) return undefined;
    if ('reason' in principal) {
      this.#metrics.rejected(principal.reason);
      this.#wire.close(principal.code, principal.says);
      return undefined;
    }
    this.#signature = this.#takenOf(key);
    try {
      this.#session = hub.open(arrivedAs(principal, this.#principal), this.#wire, key?.name ?? name);
    } catch (error) {
      if (!(error instanceof TidewallError) || error.kind !== 'limit_exceeded') throw error;
      this.#wire.close('connection_limit', error.message);
      return undefined;
    }
    const { frameBytes, publicationBytes, subscriptionsPerSession, commandsPerSecond, commandBurst } = limits;
    return encodeReply(id, 'connect', {
      session: this.#session.id,
      node,
      version: PROTOCOL_VERSION,
      now: clock.now(),
      pingMs: limits.pingMs,
      ...validityOf(principal, clock.now()),
      limits: { frameBytes, publicationBytes, subscriptions: subscriptionsPerSession, commandsPerSecond, commandBurst },
    });
  }

  #asTidewallError(error: unknown): TidewallError {
    if (error instanceof TidewallError) return error;
    this.#context.log.error({ err: error, session: this.#session?.id }, 'a command failed');
    return new TidewallError('internal', 'the server failed; it has logged why', { cause: error });
  }

  /** The hub watches the sessions that it has pushes for; replies alone can stall a connection too. */
  #checkProgress(now: number): void {
    const { noProgressMs } = this.#context.limits;
    const stillMs = this.#progress.stillMs(now, this.#wire.takenBytes(), this.#wire.congested);
    if (stillMs >= noProgressMs) this.#wire.close('no_progress', `nothing was read for ${noProgressMs} ms`);
  }

  #becomeIdle(): void {
    const idle = this.#idle ?? [];
    this.#idle = undefined;
    for (const resolve of idle) resolve();
  }
}

function serverStops(): TidewallError {
  return new TidewallError('busy', 'the server stops', { afterMs: STOPPING_AFTER_MS });
}
