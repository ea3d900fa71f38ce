import type { SourceDefinition } from '@tidewall/contracts';
import { TLS_ADDRESSES } from '../tls-fields.ts';
import { type TcvConfig, tcvConfigSchema } from './config.ts';
import { TcvSource } from './tcv-source.ts';

/** A backend that was written for screens of Tencent Cloud 图, which drives a screen here. */
export const definition: SourceDefinition<TcvConfig> = {
  kind: 'tcv',
  configSchema: tcvConfigSchema,
  secrets: ['url', 'secretKey', 'key'],
  addresses: ['url', ...TLS_ADDRESSES],
  example: { url: 'ws://localhost:3000', secretId: 'AKID7', secretKey: 'the key of it', screen: 'hall' },
  create: (config, context) => new TcvSource(config, context),
};
