import type { OutgoingResponse, SourceContext } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { type BoundRequest, setInQuery } from '@tidewall/request';
import { credentialsOf, secretsOf } from '../http-credentials.ts';
import { statusFailure } from '../http-status-failure.ts';
import type { SseConfig } from './config.ts';

/** Of the head of an answer; its body goes on for as long as it likes. */
const LONGEST_MS = 2_147_483_647;
const NO_CONTENT = 204;
/** A head of more than 8 KiB is refused by many. */
const LONGEST_ID = 6 * 1024;

export interface OpenStreamOptions {
  readonly config: SseConfig;
  readonly outgoing: SourceContext['outgoing'];
  readonly request: BoundRequest;
  /** What is asked, as sentences name it. */
  readonly place: string;
  /** Empty when none is known. */
  readonly lastEventId: string;
  readonly signal: AbortSignal;
}

/**
 * The bytes of a stream; undefined when its server says that there is nothing more to come.
 *
 * @throws TidewallError source_error in a sentence that repeats no secret
 */
export async function openStream(options: OpenStreamOptions): Promise<OutgoingResponse | undefined> {
  const { config, outgoing, request, place, lastEventId, signal } = options;
  const { auth, secretHeaders, ca, insecure } = config;
  const credentials = credentialsOf(auth);
  const url = new URL(request.url);
  for (const [name, value] of Object.entries(credentials.query)) setInQuery(url, name, value);
  const response = await outgoing.request(url, {
    headers: {
      ...{ accept: 'text/event-stream', 'cache-control': 'no-cache' },
      // What is packed comes late: whoever packs waits for more.
      'accept-encoding': 'identity',
      ...request.headers,
      ...secretHeaders,
      ...credentials.headers,
      ...lastEventIdHeader(lastEventId),
    },
    // Silence is looked for by who reads.
    ...{ signal, insecure, timeoutMs: LONGEST_MS, maxBytes: Number.POSITIVE_INFINITY },
    ...(ca === undefined ? {} : { ca }),
  });
  const { status, headers } = response;
  if (status === NO_CONTENT) {
    response.discard();
    return undefined;
  }
  if (status !== 200) throw await statusFailure({ response, place, secrets: secretsOf(config) });
  const type = (headers['content-type'] ?? 'a text').split(';')[0]?.trim().toLowerCase();
  if (type === 'text/event-stream') return response;
  response.discard();
  throw new TidewallError('source_error', `${place} answers with ${type?.slice(0, 60)}, which is no text/event-stream`);
}

/** In UTF-8, as browsers send it; one that no header takes, or no server, is not sent. */
function lastEventIdHeader(id: string): Record<string, string> {
  if (id === '' || id.length > LONGEST_ID || /\p{Cc}/u.test(id)) return {};
  return { 'last-event-id': Buffer.from(id).toString('latin1') };
}
