// Bun's own publish: the fan-out is native code.
const server = Bun.serve({
  port: Number(process.argv[2]),
  hostname: '127.0.0.1',
  fetch: (request, own) =>
    own.upgrade(request) ? undefined : new Response('a WebSocket is expected', { status: 400 }),
  websocket: {
    idleTimeout: 0,
    message(socket, text) {
      if (text.startsWith('+')) socket.subscribe(text.slice(1));
      else server.publish(text.slice(0, 4), text.slice(4));
    },
  },
});
