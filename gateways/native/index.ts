export { createGatewayMetrics, type GatewayMetrics } from './gateway-metrics.ts';
export { encodeBye, encodeError, encodeHistory, encodePong, encodePushes, encodeReply } from './native-encoding.ts';
export { NativePeer, type NativeWire } from './native-peer.ts';
export { reconnectWindowMs } from './reconnect-window.ts';
