import { createClient } from '@tidewall/client';
import { linkSentence } from '../link-sentence.ts';
import { parseServerUrl } from '../server-api.ts';
import { serverTransport } from '../server-transport.ts';
import type { Replica } from '../subscription-lines.ts';
import { TapGauge } from '../tap-gauge.ts';
import { type TapRow, tapLine, tapScreen } from '../tap-screen.ts';
import { harmless } from '../terminal-text.ts';

export interface TapOptions {
  readonly url: string;
}

const TICK_MS = 1000;
const USUAL_WIDTH = 80;
const USUAL_HEIGHT = 24;

/*
 * The other screen of the terminal, without a cursor, so that what was there before is there again afterwards; each
 * picture is written over the one before it, for clearing first would flicker.
 */
const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const REST_OF_LINE = '\x1b[K';
const BELOW = '\x1b[J';

/** Shows what goes through topics, each second, until it is interrupted. */
export async function tap(topics: readonly string[], options: TapOptions): Promise<void> {
  const url = parseServerUrl(options.url);
  const client = createClient({ url, transports: [serverTransport(url)], name: 'tidewall tap' });
  const { stdout, stderr } = process;
  const live = stdout.isTTY === true;
  const gauges = new Map<string, TapGauge>();
  const gaugeOf = (replica: Replica) => {
    const gauge = gauges.get(replica.topic) ?? new TapGauge(replica);
    gauges.set(replica.topic, gauge);
    gauge.replica = replica;
    return gauge;
  };
  const asked = new Set(topics);

  let ticking: NodeJS.Timeout | undefined;
  let unlisten = () => {};
  let picture: string[] = [];
  try {
    await new Promise<void>((resolve) => {
      process.once('SIGINT', resolve);
      process.once('SIGTERM', resolve);
      // Whoever reads our output has read enough.
      stdout.once('error', () => resolve());
      for (const topic of asked) {
        client.watch(topic, {}, (push, replica) => gaugeOf(replica).take(push, replica));
        client.follow(topic, {}, (replica) => {
          gaugeOf(replica);
          if (replica.refused === undefined) return;
          process.exitCode = 1;
          asked.delete(topic);
          if (!live) stderr.write(`${harmless(`${topic}: ${refusalOf(replica)}`)}\n`);
          if (asked.size === 0) resolve();
        });
      }
      const rows = () => [...gauges.values()].map(rowOf);
      const draw = () => {
        const { columns: width = USUAL_WIDTH, rows: height = USUAL_HEIGHT } = stdout;
        const link = linkSentence(client.status, url, Date.now()) ?? `connecting to ${url}`;
        const view = { now: client.serverNow(), width, height, link, colors: !process.env['NO_COLOR'] };
        picture = tapScreen(rows(), view);
        // A newline behind the last line would scroll the first one away.
        stdout.write(`${HOME}${picture.map((line) => line + REST_OF_LINE).join('\r\n')}${BELOW}`);
      };
      ticking = setInterval(() => {
        for (const gauge of gauges.values()) gauge.tick();
        if (live) draw();
        else for (const row of rows()) stdout.write(`${tapLine(row, client.serverNow())}\n`);
      }, TICK_MS);
      if (live) {
        stdout.write(ENTER);
        stdout.on('resize', draw);
        draw();
      }
      unlisten = client.onStatus((status) => {
        const sentence = linkSentence(status, url, Date.now());
        if (!live && sentence !== undefined) stderr.write(`${harmless(sentence)}\n`);
      });
    });
  } finally {
    clearInterval(ticking);
    unlisten();
    client.close();
    // The last picture stays, as anything else that was printed.
    if (live) stdout.write(`${LEAVE}${picture.map((line) => `${line}\n`).join('')}`);
  }
}

function rowOf({ replica, rateHz, bytesPerSecond, offset, newest }: TapGauge): TapRow {
  const { topic, kind, freshness } = replica;
  const refused = replica.refused && refusalOf(replica);
  return { topic, kind, rateHz, bytesPerSecond, offset, freshness, newest, refused };
}

function refusalOf({ refused }: Replica): string {
  return `${refused?.message} (${refused?.name})`;
}
