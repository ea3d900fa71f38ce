import type { Source, SourceContext, SourceDefinition } from '@tidewall/contracts';
import { type GeneratorConfig, generatorConfigSchema } from './config.ts';
import { SeriesSource } from './series-source.ts';
import { ShopSource } from './shop/shop-source.ts';
import { WalkSource } from './walk-source.ts';

/** Live made-up data, the same again for the same seed and time. */
export const definition: SourceDefinition<GeneratorConfig> = {
  kind: 'generator',
  configSchema: generatorConfigSchema,
  secrets: [],
  create,
};

function create(config: GeneratorConfig, context: SourceContext): Source {
  switch (config.shape) {
    case 'series':
      return new SeriesSource(config, context);
    case 'value':
    case 'rows':
      return new WalkSource(config, context);
    case 'shop':
      return new ShopSource(config, context);
  }
}
