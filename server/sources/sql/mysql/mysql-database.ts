import type { Outgoing } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import type { ServerAddress } from '../server-address.ts';
import type { AnswerLimits, SqlDatabase } from '../sql-connection.ts';
import { type Place, sqlFailure } from '../sql-failure.ts';
import { MysqlConnection } from './mysql-connection.ts';
import { mysqlFailure } from './mysql-failure.ts';
import { MysqlLink } from './mysql-link.ts';

export interface MysqlOptions {
  readonly address: ServerAddress;
  readonly limits: AnswerLimits;
  readonly zone: string;
  /** What sentences call it until it says what it is. */
  readonly name: 'MySQL' | 'MariaDB';
  /** Whether the user may be one that could do more than read. */
  readonly allowSuperuser: boolean;
  readonly outgoing: Outgoing;
}

/** Modes in which quotes mean something else than we take them for, and their collections. */
const FOREIGN_MODES = [
  ...['ANSI_QUOTES', 'NO_BACKSLASH_ESCAPES'],
  ...['ANSI', 'DB2', 'MAXDB', 'MSSQL', 'ORACLE', 'POSTGRESQL'],
];
/** Of rights on everything: those that a transaction which is read-only does not take away. */
const ALMIGHTY = /^GRANT ([A-Z_, ]*\b(?:ALL PRIVILEGES|SUPER|FILE)\b[A-Z_, ]*) ON \*\.\* TO/;

/** A MySQL or MariaDB server. */
export class MysqlDatabase implements SqlDatabase {
  readonly #options: MysqlOptions;
  readonly #place: Place;

  constructor(options: MysqlOptions) {
    const { host, port, password } = options.address;
    this.#options = options;
    this.#place = { name: `${options.name} at ${host}:${port}`, secrets: [password] };
  }

  get name(): string {
    return this.#place.name;
  }

  async connect(signal: AbortSignal): Promise<MysqlConnection> {
    const { address, limits, outgoing } = this.#options;
    const { maxBytes, timeoutMs } = limits;
    let link: MysqlLink | undefined;
    const stop = () => link?.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      link = await MysqlLink.open({ address, outgoing, maxBytes }, signal);
      return await this.#connection(link);
    } catch (failure) {
      link?.close();
      signal.throwIfAborted();
      if (failure instanceof TidewallError) throw failure;
      throw mysqlFailure(this.#place, failure, { address, asked: false, timeoutMs });
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async #connection(link: MysqlLink): Promise<MysqlConnection> {
    const { address, limits, zone, allowSuperuser } = this.#options;
    const [[version, mode] = []] = await link.run('SELECT VERSION(), @@SESSION.sql_mode');
    const isMariaDb = /mariadb/i.test(String(version));
    const place = { ...this.#place, name: this.#place.name.replace(/^\w+/, isMariaDb ? 'MariaDB' : 'MySQL') };
    if (!allowSuperuser) await this.#refuseAlmighty(link, place);
    const modes = String(mode)
      .split(',')
      .filter((name) => /^[A-Z_]+$/.test(name) && !FOREIGN_MODES.includes(name));
    return new MysqlConnection({ link, limits, zone, modes, isMariaDb, address, place });
  }

  async #refuseAlmighty(link: MysqlLink, place: Place): Promise<void> {
    const grants = (await link.run('SHOW GRANTS')).map(([grant]) => String(grant));
    const [, rights] = grants.map((grant) => ALMIGHTY.exec(grant)).find((match) => match !== null) ?? [];
    if (rights === undefined) return;
    const some = rights.split(', ').filter((right) => ['ALL PRIVILEGES', 'SUPER', 'FILE'].includes(right));
    throw sqlFailure(
      place,
      `is asked as ${this.#options.address.user}, who has the right ${some.join(', ')} and could do more than read: make a user that may only SELECT (user), or set allowSuperuser`,
    );
  }
}
