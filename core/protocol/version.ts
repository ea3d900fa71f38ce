/** The version of the native wire that this code speaks; a peer with another one is refused with close code 4506. */
export const PROTOCOL_VERSION = 1;

/** The WebSocket subprotocol of the native wire in JSON. */
export const SUBPROTOCOL = 'tidewall.v1.json';
