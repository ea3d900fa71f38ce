import type { SourceDefinition } from '@tidewall/contracts';
import { type TencentMonitorConfig, tencentMonitorConfigSchema } from './config.ts';
import { TencentMonitorSource } from './tencent-monitor-source.ts';

/** A metric of Tencent Cloud Monitor. */
export const definition: SourceDefinition<TencentMonitorConfig> = {
  kind: 'tencent-monitor',
  configSchema: tencentMonitorConfigSchema,
  secrets: ['secretKey', 'sessionToken'],
  addresses: ['endpoint', 'region', 'ca', 'insecure'],
  takesParams: true,
  example: {
    secretId: 'AKID0123456789EXAMPLE',
    secretKey: 'the-key-that-goes-with-it',
    ...{ region: 'ap-guangzhou', namespace: 'QCE/CVM', metric: 'CPUUsage' },
    instances: [{ InstanceId: 'ins-1a2b3c4d' }],
  },
  create: (config, context) => new TencentMonitorSource(config, context),
};
