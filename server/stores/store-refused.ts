/** A store cannot be opened; the message names it, says what is wrong, and what to do. */
export class StoreRefused extends Error {
  override readonly name = 'StoreRefused';
}
