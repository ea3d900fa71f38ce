import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, freePort, startProgram } from '@tidewall/testkit';

/** Whether Debian's InfluxDB is here. */
export const HAS_INFLUXDB = findProgram('influxd') !== undefined;

/** A series as InfluxDB holds it: fields by time in ms, as exact as a double is. */
export interface HeldSeries {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly points: readonly { readonly t: number; readonly fields: Readonly<Record<string, unknown>> }[];
}

/** A real InfluxDB 1.6 for a test. */
export interface InfluxDb {
  readonly url: string;
  create(database: string): Promise<void>;
  drop(database: string): Promise<void>;
  /** Writes lines; what is answered. */
  write(database: string, lines: string | Uint8Array): Promise<{ readonly status: number; readonly body: string }>;
  /** All that a database holds. */
  held(database: string): Promise<readonly HeldSeries[]>;
  close(): Promise<void>;
}

export async function startInfluxDb(): Promise<InfluxDb> {
  const backup = await freePort();
  const program = await startProgram({
    command({ port, folder }) {
      const file = join(folder, 'influxdb.conf');
      writeFileSync(file, settings(folder, port, backup));
      return ['influxd', '-config', file];
    },
  });
  const url = `http://127.0.0.1:${program.port}`;
  const query = async (statement: string, more = '') => {
    const response = await fetch(`${url}/query?q=${encodeURIComponent(statement)}${more}`, { method: 'POST' });
    const { results } = (await response.json()) as { results: { series?: AnsweredSeries[]; error?: string }[] };
    const error = results.find((result) => result.error !== undefined)?.error;
    if (error !== undefined) throw new Error(`${statement}: ${error}`);
    return results[0]?.series ?? [];
  };
  return {
    url,
    create: async (database) => void (await query(`CREATE DATABASE "${database}"`)),
    drop: async (database) => void (await query(`DROP DATABASE "${database}"`)),
    async write(database, lines) {
      const response = await fetch(`${url}/write?db=${database}`, { method: 'POST', body: lines as BodyInit });
      return { status: response.status, body: await response.text() };
    },
    async held(database) {
      const measurements = (await query('SHOW MEASUREMENTS', `&db=${database}`)).flatMap(({ values }) => values.flat());
      const series: AnsweredSeries[] = [];
      // One by one: of several, a field that has two types is answered with one of them.
      for (const name of measurements as string[]) {
        series.push(...(await query(`SELECT * FROM ${quoted(name)} GROUP BY *`, `&db=${database}&epoch=ns`)));
      }
      return series.map(({ name, tags = {}, columns, values }) => ({
        name,
        tags: Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== '')),
        points: values.map(([ns, ...rest]) => ({
          t: (ns as number) / 1e6,
          fields: Object.fromEntries(rest.flatMap((value, i) => (value === null ? [] : [[columns[i + 1], value]]))),
        })),
      }));
    },
    close: () => program.stop(),
  };
}

interface AnsweredSeries {
  readonly name: string;
  readonly tags?: Record<string, string>;
  readonly columns: readonly string[];
  readonly values: readonly unknown[][];
}

function quoted(name: string): string {
  return `"${name.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}

function settings(folder: string, port: number, backup: number): string {
  return [
    'reporting-disabled = true',
    `bind-address = "127.0.0.1:${backup}"`,
    '[meta]',
    `dir = "${folder}/meta"`,
    '[data]',
    `dir = "${folder}/data"`,
    `wal-dir = "${folder}/wal"`,
    'series-id-set-cache-size = 0',
    '[http]',
    `bind-address = "127.0.0.1:${port}"`,
    'log-enabled = false',
    '[monitor]',
    'store-enabled = false',
    '',
  ].join('\n');
}
