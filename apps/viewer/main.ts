import type { Transport } from '@tidewall/browser-contracts/transport';
import { type Client, createClient } from '@tidewall/client';
import { withCredentials } from '@tidewall/client/credentials';
import { lazyTransport } from '@tidewall/client/lazy-transport';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import { HIDDEN_RATE_HZ } from '@tidewall/runtime';
import { showHome } from './home.ts';
import { type Page, PageLook } from './page.ts';
import { createAskedReader } from './page-requests.ts';
import { showScreenPage } from './screen-page.ts';
import { showSharedScreen } from './shared-screen.ts';
import { Sharing } from './sharing.ts';
import { showSignIn } from './sign-in.ts';
import { leaveWhenSignedOut } from './signed-out.ts';

const root = document.getElementById('app');
if (root === null) throw new Error('index.html has no #app');
// The browser takes this page away, with everything that it started.
const { signal } = new AbortController();
const bare = { root, look: new PageLook(), signal };

const [, shareId] = /^\/share\/([\w-]{1,64})\/?$/.exec(location.pathname) ?? [];
if (shareId === undefined) showOwn();
else showShared(shareId);

/** The pages of those who have signed in, or of everybody where the server is open. */
function showOwn(): void {
  const client = connect((transport) => transport);
  const page: Page = { ...bare, reader: createAskedReader(client, signal), publisher: client };
  leaveWhenSignedOut(page);
  const [, screenId] = /^\/s\/([^/]+)\/?$/.exec(location.pathname) ?? [];
  if (location.pathname === '/login' || location.pathname === '/setup') {
    showSignIn(page, location.pathname === '/login' ? 'login' : 'setup');
  } else if (screenId === undefined) showHome(page);
  else showScreenPage(page, decodeScreenId(screenId));
}

/** A screen that somebody has shared: whoever has the link shows at each connect what it was given for it. */
function showShared(id: string): void {
  const storage = () => sessionStorage;
  // Loaded again, the page says why it ended, or asks for what is asked for now.
  const again = () => location.reload();
  const sharing = new Sharing(id, location.search, storage, again);
  void showSharedScreen(bare, sharing, () => {
    const client = connect((transport) => withCredentials(transport, () => sharing.credentials()));
    // Who is let in no more is told so by the end of the link alone.
    client.onStatus((status) => {
      if (status.type === 'closed') again();
      else if (status.type === 'waiting' && status.attempt <= 1) void sharing.renew().catch(() => {});
    });
    // What pages ask by themselves is for those who have signed in.
    return { ...bare, reader: client, publisher: client };
  });
}

function connect(shown: (transport: Transport) => Transport): Client {
  const client = createClient({
    url: location.origin,
    transports: [
      createWebSocketTransport(),
      // For networks that let no WebSocket pass.
      lazyTransport('sse', async () => (await import('@tidewall/gateways/sse/client')).createEventStreamTransport()),
      lazyTransport('poll', async () => (await import('@tidewall/gateways/poll/client')).createPollTransport()),
    ].map(shown),
    name: location.pathname,
    failed: (failure) => reportError(failure),
  });
  for (const change of ['online', 'offline']) window.addEventListener(change, () => client.online());
  // What nobody sees need not come often: what is held catches up when the page is seen again.
  const pace = () => client.pace(document.hidden ? HIDDEN_RATE_HZ : undefined);
  document.addEventListener('visibilitychange', pace);
  pace();
  return client;
}

function decodeScreenId(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A broken escape is no screen; the page that helps shows what was asked for.
    return text;
  }
}
