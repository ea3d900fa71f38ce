import type { GatewayContext, GatewayDefinition } from '@tidewall/contracts';
import { z } from 'zod';
import type { Config } from './config.ts';
import type { Mounted } from './doors.ts';
import { pathText, wrongPlaces } from './issue-sentence.ts';
import { nearestNames } from './nearest-name.ts';
import { ConfigError } from './startup-errors.ts';

/** A gateway that will have a port to itself. */
export interface OwnPort {
  readonly mounted: Mounted;
  readonly port: number;
}

const NOTHING = z.strictObject({});

/**
 * Every kind of gateway, as it is configured, and the ports that some of them have to themselves.
 *
 * @throws ConfigError naming every wrong setting, and kinds that there are not
 */
export function openGateways(
  definitions: readonly GatewayDefinition[],
  { gateways, listen }: Pick<Config, 'gateways' | 'listen'>,
  context: GatewayContext,
): { readonly mounted: readonly Mounted[]; readonly ownPorts: readonly OwnPort[] } {
  const kinds = definitions.map(({ kind }) => kind);
  const complaints = [
    ...unknownKinds('gateways', Object.keys(gateways), kinds),
    ...unknownKinds('listen', Object.keys(listen), kinds),
  ];
  const checked = definitions.map((definition) => {
    const given = gateways[definition.kind] ?? {};
    const schema = definition.settings ?? NOTHING;
    const result = schema.safeParse(given);
    if (!result.success) {
      for (const { path, says } of wrongPlaces(result.error.issues, given, schema)) {
        complaints.push(`${pathText(['gateways', definition.kind, ...path])} ${says}`);
      }
    }
    return { definition, settings: result.data };
  });
  if (complaints.length > 0) throw new ConfigError(complaints.slice(0, 20).join('\n'));
  const mounted = checked.map(({ definition, settings }) => ({
    definition,
    gateway: definition.create(context, settings),
  }));
  const ownPorts = mounted.flatMap((each) => {
    const port = listen[each.definition.kind];
    return port === undefined ? [] : [{ mounted: each, port }];
  });
  return { mounted, ownPorts };
}

function unknownKinds(setting: string, given: readonly string[], kinds: readonly string[]): string[] {
  return given
    .filter((kind) => !kinds.includes(kind))
    .map((kind) => {
      const [nearest] = nearestNames(kind, kinds);
      const hint = nearest === undefined ? `there are ${kinds.join(', ')}` : `did you mean "${nearest}"?`;
      return `${setting}: "${kind}" is not a kind of gateway; ${hint}`;
    });
}
