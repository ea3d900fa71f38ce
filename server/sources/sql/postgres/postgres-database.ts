import type { Outgoing } from '@tidewall/contracts';
import type { Client, Connection } from 'pg';
import { tlsOptions } from '../../tls-fields.ts';
import { ByteMeter } from '../byte-meter.ts';
import { containFaults } from '../contain-faults.ts';
import { createGuardedSocket } from '../guarded-socket.ts';
import type { ServerAddress } from '../server-address.ts';
import type { AnswerLimits, SqlDatabase } from '../sql-connection.ts';
import { type Place, sqlFailure } from '../sql-failure.ts';
import { PostgresConnection } from './postgres-connection.ts';
import { postgresFailure } from './postgres-failure.ts';

export interface PostgresOptions {
  readonly address: ServerAddress;
  readonly limits: AnswerLimits;
  readonly zone: string;
  /** Whether the user may be one that could do more than read. */
  readonly allowSuperuser: boolean;
  readonly outgoing: Outgoing;
}

/** Roles whose members reach the server's files or programs, and superusers, who may do anything. */
const ALMIGHTY = `
  SELECT rolname::text AS name FROM pg_catalog.pg_roles
  WHERE (rolsuper OR rolname IN ('pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files'))
    AND pg_catalog.pg_has_role(session_user, oid, 'MEMBER')
  ORDER BY rolsuper DESC, name LIMIT 3`;

/** A PostgreSQL server, and what speaks like one. */
export class PostgresDatabase implements SqlDatabase {
  readonly #options: PostgresOptions;
  readonly #place: Place;

  constructor(options: PostgresOptions) {
    const { host, port, password } = options.address;
    this.#options = options;
    this.#place = { name: `PostgreSQL at ${host}:${port}`, secrets: [password] };
  }

  get name(): string {
    return this.#place.name;
  }

  async connect(signal: AbortSignal): Promise<PostgresConnection> {
    const { address, limits, zone, outgoing } = this.#options;
    await outgoing.check(address.host);
    signal.throwIfAborted();
    const meter = new ByteMeter(limits.maxBytes);
    const client = await this.#open(meter, signal);
    const connection = new PostgresConnection({ client, meter, limits, zone, address, outgoing, place: this.#place });
    try {
      await this.#refuseAlmighty(client, signal);
      return connection;
    } catch (failure) {
      connection.close();
      throw failure;
    }
  }

  async #open(meter: ByteMeter, signal: AbortSignal): Promise<Client> {
    const { address, outgoing } = this.#options;
    const { host, port, user, password, database, tls } = address;
    // Only who has a PostgreSQL pays for its library.
    const { default: pg } = await import('pg');
    const socket = createGuardedSocket({ host, port, outgoing });
    const guard = (stream: Connection['stream']) => {
      containFaults(stream);
      meter.watch(stream);
    };
    guard(socket);
    const client = new pg.Client({
      stream: () => socket,
      // Where it connects to is the socket's matter: this is the name that the certificate must have.
      host: tls?.serverName ?? host,
      port,
      user,
      database: database === '' ? user : database,
      // As a function, or an empty one would be looked for in this machine's environment and files.
      password: () => password,
      ssl: tls === undefined ? false : tlsOptions(tls, host),
      application_name: 'tidewall',
    });
    // A connection that is lost while nobody asks shows when somebody does.
    client.on('error', () => {});
    client.connection.once('sslconnect', () => guard(client.connection.stream));
    const stop = () => socket.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      await client.connect();
      return client;
    } catch (failure) {
      client.connection.stream.destroy();
      socket.destroy();
      signal.throwIfAborted();
      throw postgresFailure(this.#place, failure, { address });
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async #refuseAlmighty(client: Client, signal: AbortSignal): Promise<void> {
    const { allowSuperuser, address } = this.#options;
    if (allowSuperuser) return;
    let roles: readonly string[];
    const stop = () => client.connection.stream.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      roles = (await client.query<{ name: string }>(ALMIGHTY)).rows.map(({ name }) => name);
    } catch (failure) {
      signal.throwIfAborted();
      throw postgresFailure(this.#place, failure, { address });
    } finally {
      signal.removeEventListener('abort', stop);
    }
    if (roles.length === 0) return;
    throw sqlFailure(
      this.#place,
      `is asked as ${address.user}, who has the rights of ${roles.join(', ')} and could do more than read: make a user that may only SELECT (user), or set allowSuperuser`,
    );
  }
}
