export {
  type Client,
  type ClientCounts,
  type ClientOptions,
  createClient,
  type HistoryOptions,
  type PublishOptions,
} from './client.ts';
export type { Memory } from './transport-choice.ts';
export { DEFAULT_KEEP } from './wants.ts';
