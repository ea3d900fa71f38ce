/**
 * How one may show who one is, in the `WWW-Authenticate` of every 401 (RFC 9110, section 15.5.2). Not `Basic`, which is taken
 * too: a browser would ask its reader for a password, over whatever the page says.
 */
export const CHALLENGE = 'Bearer realm="tidewall", Tidewall-HMAC realm="tidewall"';
