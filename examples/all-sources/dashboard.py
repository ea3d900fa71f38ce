# A dashboard's server as it is written with Flask-SocketIO: data for a room while somebody is in it.
import random
import sys

from flask import Flask, request
from flask_socketio import SocketIO, join_room

app = Flask(__name__)
socketio = SocketIO(app, async_mode='threading', cors_allowed_origins='*')
members = {}


def feed(room):
    visitors = 500
    while members.get(room):
        visitors = max(0, visitors + random.randint(-9, 11))
        socketio.emit('update_data', {'visitors': visitors, 'active_users': visitors // 8}, room=room)
        socketio.sleep(0.7)


@socketio.on('join')
def join(message):
    room = message['room']
    join_room(room)
    first = not members.get(room)
    members.setdefault(room, set()).add(request.sid)
    if first:
        socketio.start_background_task(feed, room)


@socketio.on('disconnect')
def disconnect(*_):
    for sids in members.values():
        sids.discard(request.sid)


socketio.run(app, host='127.0.0.1', port=int(sys.argv[1]), allow_unsafe_werkzeug=True)
