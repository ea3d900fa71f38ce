import type { Source, SourceContext, SourceDefinition } from '@tidewall/contracts';
import { type GeneratorConfig, generatorConfigSchema } from './config.ts';
import { FieldsSource } from './fields-source.ts';
import { LogSource } from './log-source.ts';
import { SeriesSource } from './series-source.ts';
import { ShopSource } from './shop/shop-source.ts';
import { WalkSource } from './walk-source.ts';

/** Live made-up data, the same again for the same seed and time. */
export const definition: SourceDefinition<GeneratorConfig> = {
  kind: 'generator',
  configSchema: generatorConfigSchema,
  secrets: [],
  addresses: [],
  example: { shape: 'series', fields: { flow: { base: 10, noise: 0.5, season: { amplitude: 2, periodMs: 60_000 } } } },
  create,
};

function create(config: GeneratorConfig, context: SourceContext): Source {
  switch (config.shape) {
    case 'series':
      return new SeriesSource(config, context);
    case 'state':
    case 'table':
      return new FieldsSource(config, context);
    case 'log':
      return new LogSource(config, context);
    case 'value':
    case 'rows':
      return new WalkSource(config, context);
    case 'shop':
      return new ShopSource(config, context);
  }
}
