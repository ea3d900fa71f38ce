import type { JsonObject } from '@tidewall/base';
import type { Log, Outgoing, SourceDefinition, Store } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import type { Preview, PreviewOptions, SourceSpec, SourceStatus, Supervisor } from '@tidewall/sources';
import type { MasterSecret } from '../keys/master-secret.ts';
import { nearestNames } from '../nearest-name.ts';
import { type CheckedSource, refuseWrongSettings } from '../source-check.ts';
import { ConfigError } from '../startup-errors.ts';
import { COLLECTIONS } from '../store/collections.ts';
import { changesBetween } from '../store/records.ts';
import { maskSecrets, unmaskSecrets } from './secret-fields.ts';
import { type MadeSource, readSources, sourceRecord } from './source-records.ts';

export interface SourceStoreOptions {
  /** Keeps what is made through the API. */
  readonly store: Store;
  /** The only folder whose files those sources may read. */
  readonly filesDir: string;
  readonly master: MasterSecret;
  readonly definitions: ReadonlyMap<string, SourceDefinition>;
  readonly supervisor: Supervisor;
  /** Where sources of the configuration's file may go, and those that are made through the API. */
  readonly outgoing: { readonly configured: Outgoing; readonly made: Outgoing };
  readonly log: Log;
}

export type SourceOrigin = 'file' | 'api';

/** A source and how it is. */
export type ListedSource = SourceStatus & { readonly from: SourceOrigin };

/** A source as it is set, without its secrets. */
export interface ShownSource {
  readonly name: string;
  readonly kind: string;
  readonly from: SourceOrigin;
  readonly settings: JsonObject;
}

/** A source as somebody wants it to be. */
export interface WantedSource {
  readonly kind: string;
  readonly settings: JsonObject;
}

export const MOST_MADE_SOURCES = 1000;
/** Each may take ten seconds and a connection. */
const MOST_PREVIEWS = 4;

interface Known {
  readonly from: SourceOrigin;
  readonly kind: string;
  readonly settings: JsonObject;
  readonly baseDir: string;
  /** Why it does not run at all. */
  broken?: string;
}

/** All sources: those of the configuration's file, which only it changes, and those that are made through the API. */
export class SourceStore {
  readonly #options: SourceStoreOptions;
  readonly #sources = new Map<string, Known>();
  /** Made through the API, under a name that the configuration has now: kept until it has it no more. */
  readonly #shadowed: MadeSource[] = [];
  /** Changes are made one after another, each on what the one before it has left. */
  #last: Promise<unknown> = Promise.resolve();
  #previews = 0;
  /** Settings as they are kept: the same object as long as they are not changed. */
  #kept: ReadonlyMap<string, JsonObject> = new Map();

  constructor(options: SourceStoreOptions) {
    this.#options = options;
  }

  /**
   * Adds all sources to the supervisor. One that was made through the API and cannot be any more stops nobody: it is
   * listed as failed, with the reason.
   *
   * @throws ConfigError when one of the configuration's file cannot be, or what is kept cannot be read
   */
  async start(configured: readonly CheckedSource[]): Promise<void> {
    const { store, master, supervisor, log } = this.#options;
    const made = await readSources(store, master, (kind) => this.#secretsOf(kind));
    this.#kept = settingsByName(made);
    for (const { source, definition } of configured) {
      const { name, settings, baseDir, from } = source;
      const { configured: outgoing } = this.#options.outgoing;
      try {
        await supervisor.add({ name, definition, settings, baseDir, outgoing });
      } catch (failure) {
        if (!(failure instanceof TidewallError)) throw failure;
        throw new ConfigError(`sources.${name}: ${failure.message} (in ${from})`, { cause: failure });
      }
      this.#sources.set(name, { from: 'file', kind: source.kind, settings, baseDir });
    }
    for (const { name, kind, settings } of made) {
      const known: Known = { from: 'api', kind, settings, baseDir: this.#options.filesDir };
      try {
        if (this.#sources.has(name))
          throw new TidewallError('conflict', 'the configuration has a source of that name now');
        await supervisor.add(this.#spec(name, { kind, settings }));
      } catch (failure) {
        known.broken = failure instanceof Error ? failure.message : String(failure);
        log.warn({ source: name, reason: known.broken }, 'a source that was made through the API cannot run');
        if (this.#sources.has(name)) {
          this.#shadowed.push({ name, kind, settings });
          continue;
        }
      }
      this.#sources.set(name, known);
    }
  }

  /** All kinds of source, by name. */
  get kinds(): readonly SourceDefinition[] {
    return [...this.#options.definitions.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1));
  }

  list(): readonly ListedSource[] {
    const running = new Map(this.#options.supervisor.list().map((status) => [status.name, status]));
    return [...this.#sources]
      .map(([name, { from, kind, broken }]): ListedSource => {
        const status = running.get(name);
        if (status !== undefined) return { ...status, from };
        return { name, kind, from, topics: [], state: 'failed', reason: broken ?? 'it is being changed', refusals: 0 };
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws TidewallError bad_request when there is none */
  show(name: string): ShownSource {
    const { from, kind, settings } = this.#require(name);
    // Of a kind that there is not any more nobody knows which of them are secrets.
    const secrets = this.#secretsOf(kind) ?? Object.keys(settings);
    return { name, kind, from, settings: maskSecrets(settings, secrets) };
  }

  /**
   * Makes a source, or sets another one in its place. What is wrong with the new one leaves the old one as it is.
   *
   * @param anew it must be a new one
   * @throws TidewallError bad_request naming the setting, conflict, permission_denied, limit_exceeded, storage_full
   */
  put(name: string, wanted: WantedSource, anew: boolean): Promise<ShownSource> {
    return this.#change(async () => {
      const known = this.#sources.get(name);
      if (known !== undefined && anew) throw new TidewallError('conflict', `there is a source ${name} already`);
      if (known?.from === 'file') throw ofTheFile(name);
      if (known === undefined && this.#made().length >= MOST_MADE_SOURCES) {
        const message = `${MOST_MADE_SOURCES} sources may be made; delete one that is not used`;
        throw new TidewallError('limit_exceeded', message, { detail: { limit: 'sources', max: MOST_MADE_SOURCES } });
      }
      const next = this.#complete(wanted, known);
      await this.#swap(name, known, next);
      try {
        await this.#write([...this.#made().filter((each) => each.name !== name), { name, ...next }]);
      } catch (failure) {
        await this.#restore(name, known);
        throw failure;
      }
      this.#sources.set(name, { from: 'api', ...next, baseDir: this.#options.filesDir });
      return this.show(name);
    });
  }

  /** @throws TidewallError bad_request when there is none, conflict when it is the file's, storage_full */
  delete(name: string): Promise<void> {
    return this.#change(async () => {
      if (this.#require(name).from === 'file') throw ofTheFile(name);
      await this.#write(this.#made().filter((each) => each.name !== name));
      this.#sources.delete(name);
      await this.#options.supervisor.remove(name);
    });
  }

  /**
   * Runs a source for a moment, beside the one of that name if there is one, whose secrets it may leave unchanged when it
   * was made through the API: those of the configuration's file go nowhere but where the file says.
   *
   * @throws TidewallError bad_request naming the setting, permission_denied, busy
   */
  async preview(name: string, wanted: WantedSource | undefined, options: PreviewOptions): Promise<Preview> {
    if (this.#previews >= MOST_PREVIEWS) {
      throw new TidewallError('busy', `${MOST_PREVIEWS} sources are being tried already`, { afterMs: 2000 });
    }
    this.#previews += 1;
    try {
      const known = this.#sources.get(name);
      const before = known?.from === 'api' ? known : undefined;
      const spec = wanted === undefined ? this.#specOf(name) : this.#spec(name, this.#complete(wanted, before));
      return await this.#options.supervisor.preview(spec, options);
    } finally {
      this.#previews -= 1;
    }
  }

  /** As it is sent, with the secrets that stay, and found right. */
  #complete(wanted: WantedSource, known: Known | undefined): WantedSource {
    const definition = this.#definition(wanted.kind);
    const before = known?.kind === wanted.kind ? known.settings : undefined;
    const settings = unmaskSecrets(wanted.settings, definition, before);
    refuseWrongSettings(definition, settings);
    return { kind: wanted.kind, settings };
  }

  /** Stops the old one, and starts the new one; the old one again when that fails. */
  async #swap(name: string, before: Known | undefined, next: WantedSource): Promise<void> {
    const { supervisor } = this.#options;
    // Refused before the old one is stopped for it.
    const spec = this.#spec(name, next);
    supervisor.check(spec);
    await supervisor.remove(name);
    try {
      await supervisor.add(spec);
    } catch (failure) {
      await this.#restore(name, before);
      throw failure;
    }
  }

  /** Has the old one run again, or none. What keeps it from that is told where it is listed. */
  async #restore(name: string, before: Known | undefined): Promise<void> {
    const { supervisor, log } = this.#options;
    await supervisor.remove(name);
    if (before === undefined) return;
    try {
      await supervisor.add(this.#spec(name, before));
    } catch (failure) {
      before.broken = failure instanceof Error ? failure.message : String(failure);
      log.warn({ source: name, reason: before.broken }, 'a source that was to stay as it was cannot run');
    }
  }

  #spec(name: string, { kind, settings }: WantedSource): SourceSpec {
    const { filesDir, outgoing } = this.#options;
    const definition = this.#definition(kind);
    if (definition.reaches === 'program') {
      const message = `sources of kind ${kind} start programs: they can only be written into the configuration's file`;
      throw new TidewallError('permission_denied', message);
    }
    return { name, definition, settings, baseDir: filesDir, confined: true, outgoing: outgoing.made };
  }

  /** As it is; what the configuration's file says may do more than what is made through the API. */
  #specOf(name: string): SourceSpec {
    const known = this.#require(name);
    if (known.from === 'api') return this.#spec(name, known);
    const { kind, settings, baseDir } = known;
    const { configured: outgoing } = this.#options.outgoing;
    return { name, definition: this.#definition(kind), settings, baseDir, outgoing };
  }

  /** @throws TidewallError bad_request naming the nearest one */
  #definition(kind: string): SourceDefinition {
    const { definitions } = this.#options;
    const definition = definitions.get(kind);
    if (definition !== undefined) return definition;
    const kinds = [...definitions.keys()];
    const [nearest] = nearestNames(kind, kinds);
    const hint = nearest === undefined ? `known are ${kinds.join(', ')}` : `did you mean "${nearest}"?`;
    throw new TidewallError(
      'bad_request',
      `kind ${JSON.stringify(kind.slice(0, 64))} is not a kind of source; ${hint}`,
    );
  }

  #require(name: string): Known {
    const known = this.#sources.get(name);
    if (known !== undefined) return known;
    const names = [...this.#sources.keys()];
    const [nearest] = nearestNames(name, names);
    const hint = nearest === undefined ? 'see GET /api/sources' : `did you mean ${nearest}?`;
    throw new TidewallError('bad_request', `there is no source ${JSON.stringify(name.slice(0, 64))}; ${hint}`);
  }

  #secretsOf(kind: string): readonly string[] | undefined {
    return this.#options.definitions.get(kind)?.secrets;
  }

  #made(): readonly MadeSource[] {
    const made = [...this.#sources].flatMap(([name, { from, kind, settings }]) =>
      from === 'api' ? [{ name, kind, settings }] : [],
    );
    return [...made, ...this.#shadowed];
  }

  async #write(sources: readonly MadeSource[]): Promise<void> {
    const { store, master } = this.#options;
    const after = settingsByName(sources);
    const kinds = new Map(sources.map(({ name, kind }) => [name, kind]));
    const changes = changesBetween(COLLECTIONS.sources, this.#kept, after, (settings, name) =>
      sourceRecord({ name, kind: kinds.get(name) ?? '', settings }, master, (kind) => this.#secretsOf(kind)),
    );
    await store.write(changes);
    this.#kept = after;
  }

  #change<Result>(act: () => Promise<Result>): Promise<Result> {
    const changed = this.#last.then(act);
    this.#last = changed.catch(() => {});
    return changed;
  }
}

function settingsByName(sources: readonly MadeSource[]): ReadonlyMap<string, JsonObject> {
  return new Map(sources.map(({ name, settings }) => [name, settings]));
}

function ofTheFile(name: string): TidewallError {
  return new TidewallError('conflict', `the source ${name} is written in the configuration's file; change it there`);
}
