export { createGatewayMetrics, type GatewayMetrics } from './gateway-metrics.ts';
export { encodeBye, encodeError, encodePong, encodePushes, encodeReply } from './native-encoding.ts';
export { NativePeer, type NativeWire } from './native-peer.ts';
export { reconnectWindowMs } from './reconnect-window.ts';
