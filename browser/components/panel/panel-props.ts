import { z } from 'zod/mini';
import { textSchema } from '../text/text.ts';

/** Props of everything that stands in a panel. */
export const panelProps = {
  title: z._default(textSchema, ''),
  /** `card` draws the surface and its border, `plain` only what is inside. */
  panel: z._default(z.enum(['card', 'plain']), 'card'),
} as const;

/** The choice of panel for what stands free on the ground and needs no title of its own. */
export const freePanelProp = z._default(z.enum(['card', 'plain']), 'plain');
