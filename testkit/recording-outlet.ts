import type { Encoding, Outlet, Push } from '@tidewall/contracts';
import type { CloseName } from '@tidewall/protocol';

/** An encoding that can be read back; it counts how often it was asked, which is how "encoded once" is seen. */
export class RecordingEncoding implements Encoding {
  readonly name = 'recording';
  encoded = 0;

  encode(pushes: readonly Push[]): Uint8Array {
    this.encoded++;
    // A line each, since the hub joins frames into one buffer.
    return Buffer.from(`${JSON.stringify(pushes)}\n`);
  }
}

/** The way out to a client that keeps everything it was sent, and can stop reading. */
export class RecordingOutlet implements Outlet {
  readonly encoding: RecordingEncoding;
  readonly pushes: Push[] = [];
  /** The very frames, to see whether they are shared. */
  readonly frames: Uint8Array[] = [];
  writes = 0;
  closed: { readonly code: CloseName; readonly reason: string } | undefined;
  #taken = 0;
  #stalled = false;

  constructor(encoding = new RecordingEncoding()) {
    this.encoding = encoding;
  }

  /** From now on it takes one write more, and says that it is full. */
  stall(): void {
    this.#stalled = true;
  }

  /** Reads again; the caller tells the session with `drained`. */
  resume(): void {
    this.#stalled = false;
  }

  write(frames: readonly Uint8Array[]): boolean {
    this.writes++;
    for (const frame of frames) {
      this.frames.push(frame);
      const lines = Buffer.from(frame).toString().trimEnd().split('\n');
      for (const line of lines) this.pushes.push(...(JSON.parse(line) as Push[]));
      if (!this.#stalled) this.#taken += frame.length;
    }
    return !this.#stalled;
  }

  takenBytes(): number {
    return this.#taken;
  }

  /** A stalled peer reads a little after all. */
  take(bytes: number): void {
    this.#taken += bytes;
  }

  close(code: CloseName, reason: string): void {
    this.closed = { code, reason };
  }
}
