import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, PYTHON, type StartedProgram, startProgram } from '@tidewall/testkit';

/*
 * A dashboard's server as it is written with Flask-SocketIO: rooms, `join`, `leave`, and `update_data` by a thread for each
 * room that somebody is in.
 */
const SERVER = `
import sys
from flask import Flask, request
from flask_socketio import SocketIO, emit, join_room, leave_room

app = Flask(__name__)
socketio = SocketIO(app, async_mode='threading', cors_allowed_origins='*')
members = {}

def feed(room):
    n = 0
    while members.get(room):
        n += 1
        data = {'sales': n, 'orders': n * 2} if room == 'sales' else {'visitors': n, 'active_users': n * 3}
        socketio.emit('update_data', {**data, 'timestamp': '14:03:07'}, room=room)
        socketio.sleep(0.005)

@socketio.on('connect')
def connect(auth=None):
    if auth and auth.get('token') == 'wrong':
        raise ConnectionRefusedError('the token is wrong')

@socketio.on('join')
def join(message):
    room = message['room']
    join_room(room)
    first = not members.get(room)
    members.setdefault(room, set()).add(request.sid)
    if first:
        socketio.start_background_task(feed, room)

@socketio.on('leave')
def leave(message):
    leave_room(message['room'])
    members.get(message['room'], set()).discard(request.sid)

@socketio.on('disconnect')
def disconnect(*_):
    for sids in members.values():
        sids.discard(request.sid)

@app.route('/members')
def show():
    return {room: len(sids) for room, sids in members.items()}

socketio.run(app, host='127.0.0.1', port=int(sys.argv[1]), allow_unsafe_werkzeug=True)
`;

export interface FlaskServer {
  readonly url: string;
  readonly port: number;
  /** How many are in each room. */
  members(): Promise<Record<string, number>>;
  kill(): Promise<void>;
}

/** @param port of an earlier one, to come back where it was */
export async function startFlask(folder: string, port?: number): Promise<FlaskServer> {
  const script = join(folder, 'dashboard.py');
  await writeFile(script, SERVER);
  const program: StartedProgram = await startProgram({
    folder,
    port: port ?? (await freePort()),
    command: (place) => [PYTHON, script, String(place.port)],
  });
  const url = `http://127.0.0.1:${program.port}`;
  return {
    url,
    port: program.port,
    members: async () => (await (await fetch(`${url}/members`)).json()) as never,
    kill: () => program.stop('SIGKILL'),
  };
}
