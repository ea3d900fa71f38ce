import type { SharedClient } from '@tidewall/client/shared';
import { type App, type InjectionKey, inject } from 'vue';

/** Where components find the client. */
export const TIDEWALL: InjectionKey<SharedClient> = Symbol('tidewall');

export interface TidewallPlugin {
  install(app: App): void;
}

/** `app.use(tidewall(client))`: every component of the app shares this client. Whoever created it closes it. */
export function tidewall(client: SharedClient): TidewallPlugin {
  return { install: (app) => void app.provide(TIDEWALL, client) };
}

/** The client of the app. @throws TypeError without one */
export function useClient(): SharedClient {
  const client = inject(TIDEWALL, undefined);
  if (client === undefined) throw new TypeError('no client: call app.use(tidewall(client)), with one of createClient');
  return client;
}
