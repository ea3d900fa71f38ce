export { createNonceMemory, MOST_NONCES, type NonceMemoryOptions } from './nonce-memory.ts';
export { checkSignature, type Encoding, hmac, type SignatureVerdict } from './signature.ts';
