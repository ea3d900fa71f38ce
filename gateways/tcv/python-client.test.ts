import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasPythonModule, PYTHON, startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** A client of TCV in another language, with another library: its own JSON, its own HMAC, its own WebSocket. */
const CLIENT = `
import asyncio, base64, hashlib, hmac, json, sys, time, uuid
import websockets

url, secret_id, secret_key, frames = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])

def connect():
    body = {"TcvSecretId": secret_id, "TcvTimestamp": int(time.time()), "TcvNonce": uuid.uuid4().int >> 80, "Zone": "大厅"}
    text = "&".join(f"{name}={body[name]}" for name in sorted(body))
    digest = hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).digest()
    body["TcvSignature"] = base64.b64encode(digest).decode()
    return body

async def main():
    async with websockets.connect(url) as socket:
        def envelope(action, **more):
            return json.dumps({"version": 1, "action": action, "from": "tcv-editor", "timestamp": int(time.time() * 1000), "clientId": str(uuid.uuid4()), **more})
        await socket.send(envelope("Connect", body=connect()))
        await socket.send(envelope("Ping"))
        try:
            for _ in range(frames):
                print(await socket.recv(), flush=True)
        except websockets.ConnectionClosed as closed:
            print(json.dumps({"code": closed.rcvd.code, "reason": closed.rcvd.reason}))

asyncio.run(main())
`;

const STAT = 'CardStat_1_0_0_1_1700000000000';
const run = promisify(execFile);
let folder: string;
let host: TestHost;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-tcv-'));
  await mkdir(join(folder, 'screens'));
  const screen = {
    ...{ format: 1, id: 'hall', meta: { name: 'Hall' }, canvas: { width: 1920, height: 1080 } },
    pages: [{ layers: [STAT] }],
    elements: { [STAT]: { type: 'CardStat', frame: { x: 0, y: 0, w: 10, h: 10 } } },
  };
  await writeFile(join(folder, 'screens', 'hall.json'), JSON.stringify(screen));
  host = await startTestHost({ settings: { screens: join(folder, 'screens') } });
});

afterAll(async () => {
  await host.close();
  await rm(folder, { recursive: true, force: true });
});

async function post(path: string, body: object): Promise<Record<string, string>> {
  const answer = await fetch(`${host.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, string>;
}

async function client(secretId: string, secretKey: string, frames: number): Promise<unknown[]> {
  const url = `${host.url.replace('http', 'ws')}/tcv/hall`;
  const { stdout } = await run(PYTHON, ['-c', CLIENT, url, secretId, secretKey, String(frames)], { timeout: 30_000 });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

test.skipIf(!hasPythonModule('websockets'))('a client in Python is let in and sent what is pushed', async () => {
  const { id = '', secret = '' } = await post('/api/keys', { name: 'python' });
  await post(`/api/screens/hall/components/component/${STAT}/data`, { value: 7, unit: '台' });
  expect(await client(id, secret, 2)).toEqual([
    { version: 1, action: 'UpdateComponentData', body: [{ id: STAT, data: { value: 7, unit: '台' } }] },
    { version: 1, action: 'Pong' },
  ]);
  expect(await client(id, `${secret}x`, 1)).toEqual([{ code: 4500, reason: 'TcvSignature is wrong' }]);
});
