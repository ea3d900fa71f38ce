import type { Theme } from '@tidewall/browser-contracts';
import { amber } from './amber.ts';
import { deepSea } from './deep-sea.ts';
import { highContrast } from './high-contrast.ts';
import { jade } from './jade.ts';
import { light } from './light.ts';

/** The themes that come with the runtime by their names, in the order in which a viewer goes through them. */
export const builtinThemes: ReadonlyMap<string, Theme> = new Map(
  [deepSea, jade, amber, light, highContrast].map((theme) => [theme.name, theme]),
);

/** The theme of a screen that names none, or one that is not there. */
export const defaultTheme: Theme = deepSea;
