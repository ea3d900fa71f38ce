import type { createClient } from '@redis/client';
import type { Outgoing } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { reasonOf } from '../reason.ts';
import { socketReason } from '../socket-reason.ts';
import { type TlsSettings, tlsOptions } from '../tls-fields.ts';
import { placeOf, withoutSecrets } from './redis-url.ts';

/** A server that does not take a connection within this is not there. */
const CONNECT_MS = 5_000;
/** Asked so often whether it is still there; a link on which nothing came for three times this is dead. */
const PING_MS = 5_000;
const DEAD_MS = 3 * PING_MS;

/** Where a source may go, and how it checks what it finds there. */
export interface RedisBounds {
  readonly outgoing: Outgoing;
  readonly tls: TlsSettings;
}

export type RedisClient = ReturnType<typeof openClient>;
type CreateClient = typeof createClient;

/**
 * One connection to a Redis server, which ends with the first thing that goes wrong: whoever has it tries again in its
 * own way.
 */
export class RedisLink {
  readonly client: RedisClient;
  /** Resolves with a sentence when the connection is gone; never after `close`. */
  readonly lost: Promise<TidewallError>;
  readonly #url: string;
  readonly #over: AbortController;

  /**
   * Connects.
   *
   * @param bounds absent: it may go anywhere, for who runs this server
   * @throws TidewallError source_error in a sentence that names the server, and no secret
   */
  static async open(url: string, signal: AbortSignal, bounds?: RedisBounds): Promise<RedisLink> {
    await bounds?.outgoing.check(new URL(url).hostname);
    // Only who has a Redis pays for its client: it has hundreds of files.
    const { createClient } = await import('@redis/client');
    signal.throwIfAborted();
    const over = new AbortController();
    const link = new RedisLink(url, over, openClient(createClient, url, over.signal, bounds));
    const stop = () => link.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await link.client.connect();
      return link;
    } catch (failure) {
      link.close();
      signal.throwIfAborted();
      throw link.failure('cannot be reached', failure);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  private constructor(url: string, over: AbortController, client: RedisClient) {
    this.#url = url;
    this.#over = over;
    this.client = client;
    this.lost = new Promise((resolve) => {
      this.client.on('error', (failure) => resolve(this.failure('is gone', failure)));
    });
  }

  /** What went wrong, as a sentence for those who look at the screen. */
  failure(what: string, cause: unknown): TidewallError {
    const sentence = `Redis at ${placeOf(this.#url)} ${what}: ${wordsOf(innermost(cause))}`;
    return new TidewallError('source_error', withoutSecrets(sentence, this.#url));
  }

  /** Ends the connection at once. Closing twice is closing once. */
  close(): void {
    this.client.destroy();
    // The client does not know a socket that is still connecting.
    this.#over.abort();
  }
}

function openClient(create: CreateClient, url: string, signal: AbortSignal, bounds: RedisBounds | undefined) {
  const { hostname, protocol } = new URL(url);
  const { outgoing, tls = { insecure: false } } = bounds ?? {};
  // What the client makes of these is `net.connect` and `tls.connect`, whose options its types do not all know.
  const way = {
    signal,
    ...(outgoing === undefined ? {} : { lookup: outgoing.lookup }),
    ...(protocol === 'rediss:' ? (tlsOptions(tls, hostname.replace(/^\[(.*)\]$/, '$1')) as object) : {}),
  };
  return create({
    url,
    // What every Redis speaks, however old.
    RESP: 2,
    disableClientInfo: true,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    pingInterval: PING_MS,
    socket: { reconnectStrategy: false, connectTimeout: CONNECT_MS, socketTimeout: DEAD_MS, ...way },
  });
}

/** What is said of certificates, and of what is no TLS. */
const TLS_FAILURE = /^(ERR_|CERT_|SELF_|DEPTH_|UNABLE_|EPROTO)/;

/** The client's own word for silence is that of its socket. */
function wordsOf(cause: unknown): string {
  const silent = cause instanceof Error && cause.constructor.name === 'SocketTimeoutError';
  if (silent) return `nothing was heard for ${DEAD_MS / 1000} s`;
  const { code = '' } = (cause ?? {}) as NodeJS.ErrnoException;
  return TLS_FAILURE.test(code) ? socketReason(cause) : reasonOf(cause);
}

/** A name with two addresses fails with an error for each of them, and no word of its own. */
function innermost(cause: unknown): unknown {
  return cause instanceof AggregateError && cause.errors.length > 0 ? cause.errors[0] : cause;
}
