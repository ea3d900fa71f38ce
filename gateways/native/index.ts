export { COMMAND_COST, CommandRate, HEARTBEAT_COST } from './command-rate.ts';
export { type Connection, Connections } from './connections.ts';
export { createGatewayMetrics, type GatewayMetrics } from './gateway-metrics.ts';
export { joinLines } from './join-lines.ts';
export {
  createLastWord,
  encodeBye,
  encodeError,
  encodeHistory,
  encodePong,
  encodePushes,
  encodeReply,
} from './native-encoding.ts';
export { NativePeer, type NativeWire } from './native-peer.ts';
export { Progress } from './progress.ts';
export { reconnectWindowMs } from './reconnect-window.ts';
export { type ConnectSigner, SIGN_SKEW_MS, signConnect } from './signed-connect.ts';
export { Spread } from './spread.ts';
export { TokenBucket } from './token-bucket.ts';
