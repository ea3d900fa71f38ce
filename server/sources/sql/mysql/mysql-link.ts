import type { Outgoing } from '@tidewall/contracts';
import type { Connection, FieldPacket, QueryError, RowDataPacket } from 'mysql2';
import { tlsOptions } from '../../tls-fields.ts';
import { ByteMeter } from '../byte-meter.ts';
import { createGuardedSocket } from '../guarded-socket.ts';
import type { ServerAddress } from '../server-address.ts';
import type { BoundValue } from '../statement/given-parameter.ts';

type Mysql = typeof import('mysql2');

/** A description of columns and rows, as the library reads them. */
export interface MysqlRows {
  readonly fields: readonly FieldPacket[];
  readonly rows: readonly (readonly unknown[])[];
}

export interface MysqlLinkOptions {
  readonly address: ServerAddress;
  readonly outgoing: Outgoing;
  readonly maxBytes: number;
}

/** A connection by the library for MySQL, as promises: what is asked of it when it is lost rejects. */
export class MysqlLink {
  readonly #library: Mysql;
  readonly #connection: Connection;
  readonly #meter: ByteMeter;
  /** Rejects when the connection is gone. */
  readonly #lost: Promise<never>;
  #usable = true;

  /** Connects, and logs in. */
  static async open(options: MysqlLinkOptions, signal: AbortSignal): Promise<MysqlLink> {
    const { address, outgoing } = options;
    await outgoing.check(address.host);
    // Only who has a MySQL pays for its library.
    const { default: library } = (await import('mysql2')) as unknown as { readonly default: Mysql };
    signal.throwIfAborted();
    const link = new MysqlLink(library, options);
    const stop = () => link.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await link.#whenOpen();
      return link;
    } catch (failure) {
      link.close();
      throw failure;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  private constructor(library: Mysql, { address, outgoing, maxBytes }: MysqlLinkOptions) {
    const { host, port, user, password, database, tls } = address;
    const socket = createGuardedSocket({ host, port, outgoing });
    this.#library = library;
    this.#meter = new ByteMeter(maxBytes);
    this.#meter.watch(socket);
    this.#connection = library.createConnection({
      stream: () => socket.connect({ port }),
      // Where it connects to is the socket's matter: this is the name that the certificate must have.
      host: tls?.serverName ?? host,
      port,
      user,
      password,
      database,
      ...(tls === undefined ? {} : { ssl: { ...tlsOptions(tls, host), verifyIdentity: !tls.insecure } as object }),
      // Neither several statements in one nor files of this machine for the server's LOAD DATA.
      multipleStatements: false,
      flags: ['-LOCAL_FILES'],
      connectTimeout: 0,
      // Values as the server has them, not as the library would have them.
      rowsAsArray: true,
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
      jsonStrings: true,
      // It makes no code from what a server says.
      disableEval: true,
      trace: false,
    });
    this.#lost = new Promise((_, reject) => {
      const lose = (failure: unknown) => {
        this.#usable = false;
        reject(failure as Error);
      };
      this.#connection.on('error', lose);
      this.#connection.on('end', () => lose(new Error('Connection lost: the server ended it')));
      socket.once('close', () => lose(new Error('Connection lost: it was closed')));
    });
    this.#lost.catch(() => {});
  }

  get usable(): boolean {
    return this.#usable;
  }

  /** Whether an answer was longer than it may be. */
  get exceeded(): boolean {
    return this.#meter.exceeded;
  }

  /** A statement of our own, without values. */
  run(sql: string): Promise<readonly (readonly unknown[])[]> {
    this.#meter.restart();
    return this.#whileOpen(
      new Promise((resolve, reject) => {
        this.#connection.query<RowDataPacket[]>(sql, (failure: QueryError | null, rows) => {
          if (failure) reject(failure);
          else resolve(rows as unknown as readonly (readonly unknown[])[]);
        });
      }),
    );
  }

  /**
   * A statement whose values go apart from its text.
   *
   * @param take is given each row; false: no more of them are wanted, and the connection ends
   */
  async ask(
    sql: string,
    values: readonly BoundValue[],
    take: (row: readonly unknown[]) => boolean,
  ): Promise<readonly FieldPacket[]> {
    this.#meter.restart();
    const { LONGLONG } = this.#library.TypedParameter;
    const bound = values.map((value) => {
      if (!isWhole(value)) return value;
      return value > MOST_SIGNED ? LONGLONG.unsigned(value) : LONGLONG(value);
    });
    const asked = new Promise<readonly FieldPacket[]>((resolve, reject) => {
      this.#connection.prepare(sql, (failure: QueryError | null, statement) => {
        if (failure) {
          reject(failure);
          return;
        }
        let fields: readonly FieldPacket[] = [];
        statement
          .execute(bound)
          .on('fields', (described: unknown) => (fields = (described as FieldPacket[] | undefined) ?? []))
          .on('result', (row: unknown) => {
            // What has no columns is answered by a summary.
            if (fields.length > 0 && this.#usable && !take(row as readonly unknown[])) this.close();
          })
          .on('error', reject)
          .on('end', () => resolve(fields));
      });
    });
    return this.#whileOpen(asked);
  }

  /** Makes the session one in which nothing has been done. */
  reset(): Promise<void> {
    const reset = new Promise<void>((resolve, reject) => {
      const connection = this.#connection as Connection & { reset(done: (failure: Error | null) => void): void };
      connection.reset((failure) => (failure ? reject(failure) : resolve()));
    });
    return this.#whileOpen(reset);
  }

  /** Takes leave where nothing is under way. */
  end(): void {
    if (this.#usable) this.#connection.end(() => {});
    this.#usable = false;
    const { stream } = this.#connection as unknown as { readonly stream: { destroySoon(): void } };
    stream.destroySoon();
  }

  /** Ends it at once. */
  close(): void {
    this.#usable = false;
    this.#connection.destroy();
    const { stream } = this.#connection as unknown as { readonly stream: { destroy(): void } };
    stream.destroy();
  }

  async #whenOpen(): Promise<void> {
    await this.#whileOpen(
      new Promise<void>((resolve, reject) => {
        this.#connection.connect((failure: QueryError | null) => (failure ? reject(failure) : resolve()));
      }),
    );
    const { stream } = this.#connection as unknown as { readonly stream: Parameters<ByteMeter['watch']>[0] };
    if (this.#connection.config.ssl) this.#meter.watch(stream);
  }

  #whileOpen<Value>(asked: Promise<Value>): Promise<Value> {
    asked.catch(() => {});
    return Promise.race([asked, this.#lost]);
  }
}

/** The largest whole number of 64 bits that may be negative. */
const MOST_SIGNED = 2n ** 63n - 1n;

/** A whole number is bound as one, or `LIMIT` would not take it. */
function isWhole(value: BoundValue): value is number | bigint {
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}
