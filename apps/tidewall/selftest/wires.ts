import { pollWire, sseWire } from './http-wires.ts';
import { websocketWire } from './websocket-wire.ts';
import type { Wire } from './wire.ts';

/** Every way to reach a server that there is. */
export const WIRES: readonly Wire[] = [websocketWire, sseWire, pollWire];
