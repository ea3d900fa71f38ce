/** The server does not do what it should; the message says what was seen. */
export class Refuted extends Error {
  override readonly name = 'Refuted';
}
