import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@tidewall/base';
import { findProgram, startProgram } from '@tidewall/testkit';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { RecordingSink } from '../recording-sink.ts';
import { SourceBed } from '../source-bed.contract.ts';
import { definition } from './definition.ts';

const websocketd = findProgram('websocketd');

/** Lines of all sorts, and then the end. */
const SCRIPT = `#!/bin/sh
echo plain
echo '{"a": 1}'
echo '  spaces  '
echo '上海 🙂'
printf 'carriage return\\r\\n'
printf 'no end'
`;

it.skipIf(websocketd === undefined)('the lines of a script are those that websocketd gives its clients', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidewall-websocketd-'));
  const script = join(folder, 'script.sh');
  writeFileSync(script, SCRIPT, { mode: 0o700 });
  const server = await startProgram({
    command: ({ port }) => [websocketd as string, '--address=127.0.0.1', `--port=${port}`, script],
  });
  try {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/`);
    const theirs: string[] = [];
    socket.on('message', (message) => theirs.push(String(message)));
    await new Promise((resolve, reject) => {
      socket.once('close', resolve);
      socket.once('error', reject);
    });
    const bed = SourceBed.of(definition);
    const sink = new RecordingSink();
    await bed.create({ command: [script] }, { clock: systemClock }).run(sink, bed.signal);
    const ours = sink.publications.map(({ data }) => (data as { text: string }).text);
    expect(ours).toEqual(['plain', '{"a": 1}', '  spaces  ', '上海 🙂', 'carriage return', 'no end']);
    // It drops a last line that nothing ends.
    expect(theirs).toEqual(ours.slice(0, -1));
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
