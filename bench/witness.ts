import type { RunningContender } from './contender.ts';
import { RawWebSocket } from './raw-web-socket.ts';
import { greetingsOf, MARKER, NUMBER, TOPIC, upgrade, type Wire } from './wire.ts';

/**
 * One more subscriber of the first topic, which reads everything. Where frames are compressed the load only counts them,
 * and they are the same bytes for all: what the witness reads, the others have.
 */
export class Witness {
  readonly #socket: RawWebSocket;
  #last: number | undefined;
  lost = 0;
  doubled = 0;
  /** The largest text that it got out of a frame. */
  longest = 0;

  static async open(server: RunningContender, wire: Wire): Promise<Witness> {
    return new Witness(await RawWebSocket.open(server.port, upgrade(wire.path, wire)), wire);
  }

  private constructor(socket: RawWebSocket, wire: Wire) {
    this.#socket = socket;
    socket.receive = (payload) => this.#take(payload);
    for (const greeting of greetingsOf(wire, 1)) socket.send(greeting);
    const first = '0'.repeat(TOPIC.length);
    if (wire.subscribe !== undefined) {
      socket.send(Buffer.from(wire.subscribe.toString('latin1').replaceAll(TOPIC, first), 'latin1'));
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(payload: Buffer): void {
    for (let at = payload.indexOf(MARKER); at >= 0; at = payload.indexOf(MARKER, at + 1)) {
      const number = Number(payload.toString('latin1', at + MARKER.length, at + MARKER.length + NUMBER.length));
      const due = this.#last === undefined ? number : this.#last + 1;
      if (number < due) this.doubled++;
      else this.lost += number - due;
      this.#last = Math.max(number, due - 1);
      this.longest = Math.max(this.longest, payload.length);
    }
  }
}
