import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hasPythonModule, PYTHON, startTestHost } from '@tidewall/testkit';
import { expect, test } from 'vitest';
import { PUBLISHER } from '../gateway-bed.contract.ts';

/** What a Flask-SocketIO shop has beside its page: a program that joins a room and takes what comes. */
const SCRIPT = `
import json, sys, socketio
client = socketio.Client()
updates = []

def tell(what):
    # One write a line: two threads tell things.
    sys.stdout.write(json.dumps(what) + '\\n')
    sys.stdout.flush()

@client.on('update_data')
def update(data):
    tell(data)
    updates.append(data)
    if len(updates) == 2:
        client.disconnect()

client.connect(sys.argv[1], transports=[sys.argv[2]])
tell(client.call('join', {'room': 'sales'}))
tell('error' in client.call('join', {}))
client.wait()
`;

const missing = ['socketio', 'requests', 'websocket'].find((module) => !hasPythonModule(module));

test.skipIf(missing !== undefined).each(['polling', 'websocket'])(
  'the Python client joins a room and is sent its updates, over %s',
  async (transport) => {
    const host = await startTestHost({ settings: { host: '127.0.0.1', listen: { 'socket-io': 0 } } });
    try {
      await host.hub.publish(PUBLISHER, { topic: 'sales', data: { sales: 1, timestamp: '14:03:07' } });
      const url = `http://127.0.0.1:${host.ports['socket-io']}`;
      const child = spawn(PYTHON, ['-c', SCRIPT, url, transport], { stdio: ['ignore', 'pipe', 'inherit'] });
      const lines: unknown[] = [];
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.split('\n').filter(Boolean)) lines.push(JSON.parse(line));
      });
      const exited = once(child, 'exit');
      await expect.poll(() => lines.length, { timeout: 50_000 }).toBe(3);
      await host.hub.publish(PUBLISHER, { topic: 'sales', op: 'merge', data: { sales: 2 } });
      expect(await exited).toEqual([0, null]);
      expect(lines.filter((line) => typeof line === 'object' && !('ok' in (line as object)))).toEqual([
        { sales: 1, timestamp: '14:03:07' },
        { sales: 2, timestamp: '14:03:07' },
      ]);
      expect(lines).toContainEqual({ ok: true });
      expect(lines).toContainEqual(true);
    } finally {
      await host.close();
    }
  },
);
