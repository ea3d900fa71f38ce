import type { SourceDefinition } from '@tidewall/contracts';
import { HTTP_ADDRESSES, SIMPLE_HTTP_SECRETS } from '../http-fields.ts';
import { type PrometheusConfig, prometheusConfigSchema } from './config.ts';
import { PrometheusSource } from './prometheus-source.ts';

/** What a Prometheus, or whatever answers like one, says to a query. */
export const definition: SourceDefinition<PrometheusConfig> = {
  kind: 'prometheus',
  configSchema: prometheusConfigSchema,
  secrets: SIMPLE_HTTP_SECRETS,
  addresses: HTTP_ADDRESSES,
  takesParams: true,
  example: {
    url: 'http://localhost:9090',
    query: 'sum by (instance) (rate(prometheus_http_requests_total[1m]))',
    ...{ rangeMs: 3_600_000, stepMs: 15_000, legend: '{{instance}}' },
  },
  create: (config, context) => new PrometheusSource(config, context),
};
