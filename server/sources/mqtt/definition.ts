import type { SourceDefinition } from '@tidewall/contracts';
import { TLS_ADDRESSES } from '../tls-fields.ts';
import { type MqttConfig, mqttConfigSchema } from './config.ts';
import { MqttSource } from './mqtt-source.ts';

/** Messages of an MQTT broker. */
export const definition: SourceDefinition<MqttConfig> = {
  kind: 'mqtt',
  configSchema: mqttConfigSchema,
  secrets: ['password', 'key'],
  addresses: ['url', ...TLS_ADDRESSES],
  example: { url: 'mqtt://localhost:1883', filters: { 'plant/now': 'plant/+/temperature' }, topicKind: 'table' },
  create: (config, context) => new MqttSource(config, context),
};
