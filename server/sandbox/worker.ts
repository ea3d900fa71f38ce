import { parentPort } from 'node:worker_threads';
import { readEngine, readJsonata } from './assets.ts';
import { Engine } from './engine.ts';
import type { Call } from './messages.ts';

// The thread in which the code of strangers runs: one call at a time, each answered once. It says `ready` first.

const port = parentPort;
if (port === null) throw new Error('this is the code of a worker; it is started by EngineThread');
const engine = await Engine.create(readEngine(), readJsonata());
port.on('message', (call: Call) => void engine.run(call).then((outcome) => port.postMessage(outcome)));
port.postMessage('ready');
