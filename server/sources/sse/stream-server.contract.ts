import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestCertificate, TestServer, TestServers } from '@tidewall/testkit';

/** One follower of the stream. */
export interface Follower {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  say(text: string | Uint8Array): void;
  /** Ends the stream as it should be ended. */
  end(): void;
  /** Cuts it off. */
  cut(): void;
}

/** A server of streams that say what a test wants. Tests only. */
export interface StreamServer extends TestServer {
  readonly url: string;
  readonly followers: Follower[];
}

export async function startStreams(
  servers: TestServers,
  greet: (follower: Follower) => void = () => {},
  tls?: TestCertificate,
): Promise<StreamServer> {
  const followers: Follower[] = [];
  const server = await servers.http(
    (request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      response.flushHeaders();
      const follower: Follower = {
        ...{ request, response },
        say: (text) => void response.write(text),
        end: () => void response.end(),
        cut: () => void response.destroy(),
      };
      followers.push(follower);
      greet(follower);
    },
    tls === undefined ? {} : { tls },
  );
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${server.port}/events`;
  return Object.defineProperties(
    { url, followers },
    Object.getOwnPropertyDescriptors(server),
  ) as unknown as StreamServer;
}
