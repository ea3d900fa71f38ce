import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender } from '../contender.ts';
import { findProgram, versionSaid } from '../programs.ts';
import { TOPIC } from '../wire.ts';

const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so';
const KEPT_MESSAGES = 1000;

/** nchan in one nginx worker; it keeps as many messages as a log of Tidewall. */
export const nchan: Contender = {
  name: 'nchan',
  missing: () =>
    findProgram('nginx') === undefined || !existsSync(MODULE)
      ? 'it is not installed: npm run bench -- --install, or apt-get install nginx libnginx-mod-nchan'
      : undefined,
  version: () => versionSaid('nginx', '-v'),
  command({ folder, port }) {
    const file = join(folder, 'nginx.conf');
    writeFileSync(
      file,
      `load_module ${MODULE};
daemon off;
user ${process.getuid?.() === 0 ? 'root' : 'nobody'};
worker_processes 1;
worker_rlimit_nofile 65536;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 20000; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000000;
  nchan_message_buffer_length ${KEPT_MESSAGES};
  nchan_max_reserved_memory 512M;
  server {
    listen 127.0.0.1:${port};
    location = /ready { return 200; }
    location = /pub { nchan_publisher; nchan_channel_id $arg_t; }
    location = /sub { nchan_subscriber websocket; nchan_channel_id $arg_t; }
  }
}
`,
    );
    return [findProgram('nginx') as string, '-c', file, '-e', 'stderr'];
  },
  // The listening socket is there before the worker is.
  readyPath: '/ready',
  wire: {
    path: '/sub?t=0000',
    publisher: { port: 'clients', says: [] },
    publication: (payload) =>
      Buffer.from(
        `POST /pub?t=${TOPIC} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n` +
          `Content-Length: ${payload.length}\r\n\r\n${payload}`,
      ),
    refusal: 'HTTP/1.1 4',
  },
};
