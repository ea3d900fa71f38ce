import type { JsonObject } from '@tidewall/base';
import type { Meter, SourceDefinition } from '@tidewall/contracts';
import { TidewallError, type TopicName, variantTopic } from '@tidewall/protocol';
import { standardValues, textsOf, type Values } from '@tidewall/request';
import { transformsSchema } from '@tidewall/transform/schema';
import { type Preview, type PreviewOptions, previewSource } from './preview.ts';
import { reasonOf } from './reason.ts';
import { type CheckedSettings, parseSettings } from './settings.ts';
import {
  closeInstance,
  createInstance,
  openInstance,
  type SourceInstance,
  type SourceSurroundings,
} from './source-instance.ts';
import type { SourceEvents, SourceHealth } from './source-runner.ts';
import type { SourceSpec } from './source-spec.ts';
import { Turnstile } from './turnstile.ts';
import { Variants } from './variants.ts';

/** One row of the list of sources. */
export interface SourceStatus extends SourceHealth {
  readonly name: string;
  readonly kind: string;
  readonly topics: readonly TopicName[];
  /** Combinations of parameters that are watched beside the standard one; absent where it has no parameters. */
  readonly variants?: readonly VariantStatus[];
  /** What pages ask by themselves, with the steps that they put it through and what may be chosen in it; absent where the server asks. */
  readonly pageRequest?: JsonObject;
}

export interface VariantStatus extends SourceHealth {
  readonly params: Values;
  readonly topics: readonly TopicName[];
}

export interface SupervisorOptions extends Omit<SourceSurroundings, 'heavy'> {
  readonly meter: Meter;
}

/** Runs the configured sources, each alone: what one of them does or throws never reaches another. */
export interface Supervisor {
  /**
   * Checks the settings and claims the source's topics; it runs from when the first of them is watched.
   *
   * @throws TidewallError bad_request naming the wrong fields; conflict when the name or a topic is taken
   */
  add(spec: SourceSpec): Promise<void>;
  /** Whether it could be added, as far as that can be seen of itself. @throws TidewallError bad_request */
  check(spec: SourceSpec): void;
  /** Stops a source, waits for it, and gives its topics up; what they hold stays. False: there is none of that name. */
  remove(name: string): Promise<boolean>;
  /**
   * Runs a source for a moment beside all others, and tells what it brings. Nothing of it is published, and nothing stays.
   *
   * @throws TidewallError bad_request naming the wrong fields
   */
  preview(spec: SourceSpec, options?: PreviewOptions): Promise<Preview>;
  list(): readonly SourceStatus[];
  /** Stops all sources, waits for them, and gives their topics up. */
  dispose(): Promise<void>;
}

interface Supervised {
  readonly kind: string;
  readonly instance: SourceInstance;
  readonly pageRequest: JsonObject | undefined;
  variants: Variants | undefined;
}

/** Pieces of work, each of which takes a processor, of all sources. */
const HEAVY_AT_ONCE = 2;

/** A supervisor of no sources yet. */
export function createSupervisor(given: SupervisorOptions): Supervisor {
  const options = { ...given, heavy: new Turnstile(HEAVY_AT_ONCE) };
  const { hub, log, meter } = options;
  const sources = new Map<string, Supervised>();
  const count = createCounters(meter, () => sources);

  const open = async (supervised: Supervised, spec: SourceSpec) => {
    const { name, definition } = spec;
    const { instance } = supervised;
    await openInstance(options, name, instance);
    if (definition.takesParams !== true || Object.keys(instance.values).length === 0) return;
    const checked = parseSettings(name, definition, spec.settings);
    const { params: parameters, maxVariants: most } = checked.common;
    const bases = instance.source.topics.map(({ topic, kind }) => ({ topic, kind }));
    supervised.variants = new Variants({
      ...{ hub, log, name, bases, parameters, most },
      open: async (values) => {
        const topicFor = (declared: TopicName) => variantTopic(declared, textsOf(parameters, values));
        const variant = createInstance(options, { spec, checked, values, events: count(name), topicFor });
        await openInstance(options, name, variant);
        return variant;
      },
    });
  };
  const make = (spec: SourceSpec) => {
    const { name, definition, settings } = spec;
    const checked = parseSettings(name, definition, settings);
    const values = standardValues(checked.common.params);
    const topicFor = (declared: TopicName) => declared;
    return { checked, instance: createInstance(options, { spec, checked, values, events: count(name), topicFor }) };
  };
  const close = async (name: string, { instance, variants }: Supervised) => {
    const results = await Promise.allSettled([closeInstance(instance), variants?.dispose()]);
    for (const result of results) {
      if (result.status === 'rejected')
        log.error({ source: name, reason: reasonOf(result.reason) }, 'a source failed to close');
    }
  };

  return {
    async add(spec) {
      const { name, definition } = spec;
      if (sources.has(name)) throw new TidewallError('conflict', `there are two sources named ${name}`);
      const { checked, instance } = make(spec);
      const pageRequest = pageRequestOf(definition, checked);
      const supervised: Supervised = { kind: definition.kind, instance, pageRequest, variants: undefined };
      // Before the first wait, so that a second source of that name is refused meanwhile.
      sources.set(name, supervised);
      try {
        await open(supervised, spec);
      } catch (failure) {
        if (sources.get(name) === supervised) sources.delete(name);
        throw failure;
      }
      if (sources.get(name) === supervised) return;
      // What it has claimed after it was taken away would be claimed for ever.
      await close(name, supervised);
      throw new TidewallError('conflict', `the source ${name} was taken away while it was added`);
    },
    check(spec) {
      make(spec);
    },
    async remove(name) {
      const supervised = sources.get(name);
      if (supervised === undefined) return false;
      sources.delete(name);
      await close(name, supervised);
      return true;
    },
    preview: (spec, preview = {}) => previewSource(options, spec, preview),
    list() {
      return [...sources].map(([name, { kind, instance, pageRequest, variants }]) => ({
        name,
        kind,
        topics: [...instance.topics, ...(instance.families?.topics ?? [])],
        ...instance.runner.health,
        ...(variants === undefined ? {} : { variants: variants.instances.map(variantStatus) }),
        ...(pageRequest === undefined ? {} : { pageRequest }),
      }));
    },
    async dispose() {
      const all = [...sources];
      sources.clear();
      await Promise.all(all.map(([name, supervised]) => close(name, supervised)));
    },
  };
}

function pageRequestOf(definition: SourceDefinition, { own, common }: CheckedSettings): JsonObject | undefined {
  const request = definition.pageRequest?.(own);
  // Parsed, since nobody but the server has their defaults.
  const steps = request && transformsSchema.parse(common.transforms);
  return request && ({ ...request, transforms: steps, params: common.params } as unknown as JsonObject);
}

function variantStatus({ values, topics, runner }: SourceInstance): VariantStatus {
  return { params: values, topics, ...runner.health };
}

/** Registers what is counted of sources. @returns the events of one source, counted under its name */
function createCounters(
  meter: Meter,
  sources: () => ReadonlyMap<string, Supervised>,
): (source: string) => SourceEvents {
  const publications = meter.counter('tidewall_source_publications_total', 'Publications by sources.', ['source']);
  const failures = meter.counter('tidewall_source_failures_total', 'Runs of sources that failed.', ['source']);
  const refused = meter.counter('tidewall_source_refused_total', 'Rows and lines that sources refused.', ['source']);
  const help = '1 while the source delivers, 0 while it starts, is late or fails; absent while nobody watches.';
  meter.gauges('tidewall_source_up', help, ['source'], function* () {
    for (const [source, { instance }] of sources()) {
      const { state } = instance.runner.health;
      if (state !== 'idle') yield [{ source }, state === 'ok' ? 1 : 0];
    }
  });
  meter.gauges('tidewall_source_variants', 'Combinations of parameters that are watched.', ['source'], function* () {
    for (const [source, { variants }] of sources()) if (variants) yield [{ source }, variants.size];
  });
  return (source) => ({
    published: () => publications.add(1, { source }),
    failed: () => failures.add(1, { source }),
    refused: (rows) => refused.add(rows, { source }),
  });
}
