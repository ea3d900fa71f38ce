export {
  createNonceMemory,
  type KeptNonceMemory,
  MOST_NONCES,
  type NonceMemoryOptions,
  type UsedNonce,
} from './nonce-memory.ts';
export { checkSignature, type Encoding, hmac, type SignatureVerdict, type Signed } from './signature.ts';
export { TakenSignature } from './taken-signature.ts';
