export { type Authorization, authorizationOf } from './authorization.ts';
export { type Callers, createCallers } from './callers.ts';
export type { Identity } from './identity.ts';
export { createKeyIdentity, type KeyIdentity } from './keys/key-identity.ts';
export { type AskedFor, signRequest } from './keys/request-signature.ts';
export { createLocalIdentity, LOCAL_PREFIX } from './local/local-identity.ts';
export { sameText } from './same-text.ts';
export { type Issuer, issuerSchema } from './tokens/issuer-schema.ts';
export { createTokenIdentity } from './tokens/token-identity.ts';
