import type { JsonValue } from '@tidewall/base';
import { transformsSchema } from '@tidewall/transform/schema';
import { z } from 'zod';
import { parseElementId } from './element-id.ts';
import { isFramingOrigin } from './framing-origin.ts';
import { variablesIn } from './topic-template.ts';

/*
 * The screen document. Objects are loose: fields that this version does not know survive a load and a save.
 */

/** Names that become part of an address or a path: looked up, never joined. */
export const SLUG = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** How a variable is called. */
export const VARIABLE_NAME = /^[A-Za-z][A-Za-z0-9_]{0,31}$/;
const MAX_VARIABLES = 50;

const json = z.custom<JsonValue>((value) => value !== undefined);
const elementId = z.string().refine((text) => parseElementId(text) === text, {
  error: 'must look like <Type>_<major>_<minor>_<patch>_<n>_<ms>',
});

/** What an element shows. Without one it is fed by pushes to `screens/<screen>/elements/<element>`. */
const bindingSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('topic'),
    topic: z.string(),
    /** Newest publications to start with, for a series or log. */
    rewind: z.number().int().min(0).max(1_000_000).optional(),
  }),
  z.looseObject({ type: z.literal('static'), data: json }),
]);

const frameSchema = z.looseObject({
  x: z.number(),
  y: z.number(),
  w: z.number().min(0),
  h: z.number().min(0),
  opacity: z.number().min(0).max(1).default(1),
});

export const elementSchema = z.looseObject({
  type: z.string(),
  version: z.string().default('1.0.0'),
  name: z.string().default(''),
  alias: z.string().regex(SLUG).optional(),
  frame: frameSchema,
  props: z.record(z.string(), json).default({}),
  data: z
    .looseObject({ binding: bindingSchema.optional(), transforms: transformsSchema.default([]) })
    .default({ transforms: [] }),
  /** Overrides what the topic says of its cadence. */
  freshness: z.looseObject({ expectEveryMs: z.number().min(100).optional() }).optional(),
  label: z.string().optional(),
});

const scalar = z.union([z.string().max(256), z.number(), z.boolean()]);

/** What a viewer may choose, by name. */
const variablesSchema = z
  .record(z.string().regex(VARIABLE_NAME), z.looseObject({ default: scalar.optional() }))
  .refine((variables) => Object.keys(variables).length <= MAX_VARIABLES, `must be at most ${MAX_VARIABLES}`);

export const FITS = ['contain', 'cover', 'width', 'height', 'stretch', 'none'] as const;

export const screenSchema = z
  .looseObject({
    format: z.literal(1),
    id: z.string().regex(SLUG),
    meta: z.looseObject({
      name: z.string().min(1),
      nameEn: z.string().optional(),
      description: z.string().default(''),
      descriptionEn: z.string().optional(),
      tags: z.array(z.string()).default([]),
    }),
    canvas: z.looseObject({
      width: z.number().int().min(16).max(32_768),
      height: z.number().int().min(16).max(32_768),
      fit: z.enum(FITS).default('contain'),
      background: z.string().optional(),
    }),
    /** Element ids, back to front. */
    pages: z.array(z.looseObject({ name: z.string().default(''), layers: z.array(z.string()) })).min(1),
    elements: z.record(elementId, elementSchema),
    theme: z.string().default('deep-sea'),
    /** Origins whose pages may frame the screen and talk to it, beside the server's own. */
    embed: z
      .array(
        z.string().refine(isFramingOrigin, {
          error:
            'must be an origin as browsers write it, like https://portal.example or http://10.0.0.7:8080, without a path',
        }),
      )
      .max(20)
      .optional(),
    variables: variablesSchema.default({}),
  })
  .superRefine((screen, context) => {
    for (const [id, { data }] of Object.entries(screen.elements)) {
      if (data.binding?.type !== 'topic') continue;
      const unknown = variablesIn(data.binding.topic).find((name) => !Object.hasOwn(screen.variables, name));
      if (unknown === undefined) continue;
      const path = ['elements', id, 'data', 'binding', 'topic'];
      context.addIssue({ code: 'custom', path, message: `has {${unknown}}, which is none of the screen's variables` });
    }
    screen.pages.forEach((page, at) => {
      page.layers.forEach((id, layer) => {
        if (Object.hasOwn(screen.elements, id)) return;
        context.addIssue({ code: 'custom', path: ['pages', at, 'layers', layer], message: `"${id}" is no element` });
      });
    });
    const owners = new Map<string, string>();
    for (const [id, { alias }] of Object.entries(screen.elements)) {
      if (alias === undefined) continue;
      const owner = owners.get(alias);
      if (owner === undefined) owners.set(alias, id);
      else
        context.addIssue({ code: 'custom', path: ['elements', id, 'alias'], message: `is the alias of ${owner} too` });
    }
  });

export type Screen = z.infer<typeof screenSchema>;
export type ScreenElement = z.infer<typeof elementSchema>;
export type Fit = (typeof FITS)[number];
