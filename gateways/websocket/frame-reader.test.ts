import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FrameListener, FrameReader, type Violation } from './frame-reader.ts';
import { clientFrame, type FrameOptions, OPCODE } from './raw-client.contract.ts';

// ws exports it, and its types do not say so.
const { Receiver } = createRequire(import.meta.url)('ws') as { Receiver: new (options: object) => Writable };

const FRAME_BYTES = 300;

type Heard = string | { readonly closed: number } | { readonly violated: Violation | number };

/** What is heard of bytes that come in the given pieces. */
function heardOf(pieces: readonly Uint8Array[], limits = { frameBytes: FRAME_BYTES, deflates: false }): Heard[] {
  const heard: Heard[] = [];
  const listener: FrameListener = {
    closing: false,
    text: (payload) => heard.push(`text ${payload.toString()}`),
    ping: (payload) => heard.push(`ping ${payload.toString('latin1')}`),
    pong: () => heard.push('pong'),
    closed: (closed) => heard.push({ closed }),
    violated: (violated) => heard.push({ violated }),
  };
  const reader = new FrameReader(listener, limits);
  // A copy of each: the reader writes into what it reads.
  for (const piece of pieces) reader.read(Buffer.from(piece));
  return heard;
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

const deflated = (text: string) => deflateRawSync(Buffer.from(text), { finishFlush: 2 }).subarray(0, -4);

describe('messages', () => {
  const SAMPLE = Buffer.concat([
    clientFrame('{"id":1}', { mask: [1, 2, 3, 250] }),
    clientFrame('潮', { fin: false, mask: [9, 8, 7, 6] }),
    clientFrame('x'.repeat(125), { opcode: OPCODE.ping, mask: [255, 0, 1, 0] }),
    clientFrame('流'.repeat(60), { opcode: OPCODE.continuation, fin: false }),
    clientFrame('', { opcode: OPCODE.continuation }),
    clientFrame('', { opcode: OPCODE.pong }),
    clientFrame('x'.repeat(126)),
    clientFrame(''),
    clientFrame(Buffer.from([0x03, 0xe8, 0x6f, 0x6b]), { opcode: OPCODE.close }),
    clientFrame('after the goodbye'),
  ]);
  const WHOLE = [
    'text {"id":1}',
    `ping ${'x'.repeat(125)}`,
    `text 潮${'流'.repeat(60)}`,
    'pong',
    `text ${'x'.repeat(126)}`,
    'text ',
    { closed: 1000 },
  ];

  test('come out of one piece', () => expect(heardOf([SAMPLE])).toEqual(WHOLE));

  test('come out the same wherever the bytes are cut', () => {
    for (let at = 0; at <= SAMPLE.length; at++) {
      expect(heardOf([SAMPLE.subarray(0, at), SAMPLE.subarray(at)])).toEqual(WHOLE);
    }
  });

  test('come out the same byte by byte', () =>
    expect(heardOf([...SAMPLE].map((byte) => Buffer.from([byte])))).toEqual(WHOLE));

  test.each([0, 1, 125, 126, 65_535, 65_536, 200_000])('of %d bytes come out whole', (bytes) => {
    const text = 'é'.repeat(bytes / 2) + 'x'.repeat(bytes % 2);
    const frame = clientFrame(text, { mask: [77, 1, 200, 3] });
    const limits = { frameBytes: 200_000, deflates: false };
    expect(heardOf(cut(frame, [1, 5, 1000, 66_000]), limits)).toEqual([`text ${text}`]);
  });

  test('may be as large as the limit, and no larger, in one frame or in many', () => {
    const half = 'x'.repeat(FRAME_BYTES / 2);
    const last = (more: string) => clientFrame(half + more, { opcode: OPCODE.continuation });
    expect(heardOf([clientFrame(half + half)])).toEqual([`text ${half}${half}`]);
    expect(heardOf([clientFrame(`${half}${half}x`)])).toEqual([{ violated: 'too_large' }]);
    expect(heardOf([clientFrame(half, { fin: false }), last('')])).toEqual([`text ${half}${half}`]);
    expect(heardOf([clientFrame(half, { fin: false }), last('x')])).toEqual([{ violated: 'too_large' }]);
  });

  test('[W5] may have 64 fragments, and no more', () => {
    const fragments = (count: number) => [
      clientFrame('x', { fin: false }),
      ...new Array<Buffer>(count - 2).fill(clientFrame('x', { opcode: OPCODE.continuation, fin: false })),
      clientFrame('x', { opcode: OPCODE.continuation }),
    ];
    expect(heardOf(fragments(64))).toEqual([`text ${'x'.repeat(64)}`]);
    expect(heardOf(fragments(65))).toEqual([{ violated: 'too_many_pieces' }]);
  });

  test('too large a claim is seen in the head, before any of it has come', () => {
    const head = clientFrame('', { claimedLength: 2 ** 40 });
    expect(heardOf([head])).toEqual([{ violated: 'too_large' }]);
  });
});

describe('compressed messages', () => {
  const compressed = (text: string, options: FrameOptions = {}) =>
    clientFrame(deflated(text), { reserved: 0x40, mask: [5, 6, 7, 8], ...options });
  const limits = { frameBytes: FRAME_BYTES, deflates: true };

  test('are inflated, each by itself, between others that are not', () => {
    const text = '潮汐'.repeat(40);
    const bytes = Buffer.concat([compressed(text), clientFrame('plain'), compressed(text), compressed('')]);
    for (const pieces of [[bytes], cut(bytes, [3, 17, 29])]) {
      expect(heardOf(pieces, limits)).toEqual([`text ${text}`, 'text plain', `text ${text}`, 'text ']);
    }
  });

  test('may be in fragments, of which only the first says so', () => {
    const body = deflated('x'.repeat(200));
    const first = clientFrame(body.subarray(0, 3), { reserved: 0x40, fin: false });
    const last = { opcode: OPCODE.continuation } as const;
    expect(heardOf([first, clientFrame(body.subarray(3), last)], limits)).toEqual([`text ${'x'.repeat(200)}`]);
    const second = clientFrame(body.subarray(3), { ...last, reserved: 0x40 });
    expect(heardOf([first, second], limits)).toEqual([{ violated: 'not_websocket' }]);
  });

  test('may not become larger than a message may be', () => {
    expect(heardOf([compressed('x'.repeat(FRAME_BYTES))], limits)).toEqual([`text ${'x'.repeat(FRAME_BYTES)}`]);
    expect(heardOf([compressed('x'.repeat(FRAME_BYTES + 1))], limits)).toEqual([{ violated: 'too_large' }]);
  });

  test('that are a thousand times as large inside are refused before they are', () => {
    const bomb = clientFrame(deflateRawSync(Buffer.alloc(200 * 1024 * 1024)), { reserved: 0x40 });
    const before = process.memoryUsage();
    expect(heardOf([bomb], { frameBytes: 1024 * 1024, deflates: true })).toEqual([{ violated: 'too_large' }]);
    const after = process.memoryUsage();
    expect(after.external + after.heapUsed - before.external - before.heapUsed).toBeLessThan(10 * 1024 * 1024);
  });

  test('that are not what they say end with a code of their own', () => {
    expect(heardOf([clientFrame('\x07not deflate', { reserved: 0x40 })], limits)).toEqual([
      { violated: 'not_deflate' },
    ]);
    expect(heardOf([compressed('x').fill(0xc3, 6)], limits)[0]).toHaveProperty('violated');
    const latin = deflateRawSync(Buffer.from([0xc3, 0x28]), { finishFlush: 2 }).subarray(0, -4);
    expect(heardOf([clientFrame(latin, { reserved: 0x40 })], limits)).toEqual([{ violated: 'not_utf8' }]);
  });

  test('control frames are never compressed', () => {
    const ping = compressed('x', { opcode: OPCODE.ping });
    expect(heardOf([ping], limits)).toEqual([{ violated: 'not_websocket' }]);
  });
});

describe('beside another implementation', () => {
  /** What `ws` hears of the same bytes; its codes stand for what we call by name. */
  async function heardByWs(pieces: readonly Uint8Array[]): Promise<Heard[]> {
    const heard: Heard[] = [];
    const receiver = new Receiver({ isServer: true, maxPayload: FRAME_BYTES, maxFragments: 64 });
    let over = false;
    const hear = (what: Heard) => {
      if (!over) heard.push(what);
    };
    receiver.on('message', (data: Buffer, isBinary: boolean) => {
      hear(isBinary ? { violated: 'binary' } : `text ${data.toString()}`);
      over ||= isBinary;
    });
    receiver.on('ping', (data: Buffer) => hear(`ping ${data.toString('latin1')}`));
    receiver.on('pong', () => hear('pong'));
    receiver.on('conclude', (closed: number) => {
      hear({ closed });
      over = true;
    });
    receiver.on('error', (error: Error) => {
      const codes = Object.getOwnPropertySymbols(error).map((key) => (error as never as Record<symbol, number>)[key]);
      if (codes[0] !== undefined) hear({ violated: codes[0] });
      over = true;
    });
    for (const piece of pieces) if (!over && !receiver.destroyed) receiver.write(Buffer.from(piece));
    // A stream tells of its errors a little later.
    await setImmediate();
    return heard;
  }

  const CODES: Readonly<Record<Violation, number | 'binary'>> = {
    too_large: 1009,
    too_many_pieces: 1008,
    not_utf8: 1007,
    not_deflate: 1007,
    not_websocket: 1002,
    binary: 'binary',
  };
  const asWs = (heard: readonly Heard[]) =>
    heard.map((what) =>
      typeof what === 'object' && 'violated' in what && typeof what.violated === 'string'
        ? { violated: CODES[what.violated] }
        : what,
    );

  const payload = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 8 }),
    fc.constantFrom(new Uint8Array([0x03, 0xe8]), new Uint8Array(126), new Uint8Array(FRAME_BYTES - 10)),
  );
  const frame = fc
    .record({
      payload,
      opcode: fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom<number>(1, 0, 9, 10) },
        { weight: 1, arbitrary: fc.constantFrom<number>(8, 3, 11) },
      ),
      fin: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.boolean()),
      mask: fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)),
    })
    .map(({ payload, ...options }) => clientFrame(payload, options));
  /** Text in fragments, with other frames in between. */
  const message = fc
    .tuple(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.array(fc.nat(), { maxLength: 4 }), fc.boolean())
    .map(([text, places, ping]) => {
      const parts = cut(Buffer.from(text), places);
      return Buffer.concat(
        parts.flatMap((part, i) => [
          clientFrame(part, {
            opcode: i === 0 ? OPCODE.text : OPCODE.continuation,
            fin: i === parts.length - 1,
            mask: [i, 2, 3, 4],
          }),
          ...(ping ? [clientFrame('p', { opcode: OPCODE.ping })] : []),
        ]),
      );
    });
  const stream = fc.array(fc.oneof(frame, message, message), { maxLength: 8 }).map((frames) => Buffer.concat(frames));
  const places = fc.array(fc.nat(2000), { maxLength: 6 });

  test('whatever is sent, in whatever pieces, the same is heard, to the same end', async () => {
    await fc.assert(
      fc.asyncProperty(stream, places, async (bytes, cuts) => {
        const pieces = cut(bytes, cuts);
        expect(asWs(heardOf(pieces))).toEqual(await heardByWs(pieces));
      }),
      { numRuns: 3000 },
    );
  });

  test('whatever bytes of it are changed, the same is heard, to the same end', async () => {
    const edits = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(stream, edits, places, async (bytes, changes, cuts) => {
        if (bytes.length === 0) return;
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const pieces = cut(bytes, cuts);
        const heard = asWs(heardOf(pieces));
        const theirs = await heardByWs(pieces);
        const last = heard.at(-1);
        // Ours ends with the first byte of a binary frame, theirs hears it out.
        if (typeof last === 'object' && 'violated' in last && last.violated === 'binary') {
          heard.pop();
          theirs.length = Math.min(theirs.length, heard.length);
        }
        expect(heard).toEqual(theirs);
      }),
      { numRuns: 5000 },
    );
  });
});
