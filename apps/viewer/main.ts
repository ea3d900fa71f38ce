import { createClient } from '@tidewall/client';
import { lazyTransport } from '@tidewall/client/lazy-transport';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import { HIDDEN_RATE_HZ } from '@tidewall/runtime';
import { showHome } from './home.ts';
import { PageLook } from './page.ts';
import { createAskedReader } from './page-requests.ts';
import { showScreenPage } from './screen-page.ts';
import { showSignIn } from './sign-in.ts';
import { leaveWhenSignedOut } from './signed-out.ts';

const root = document.getElementById('app');
if (root === null) throw new Error('index.html has no #app');

const client = createClient({
  url: location.origin,
  transports: [
    createWebSocketTransport(),
    // For networks that let no WebSocket pass.
    lazyTransport('sse', async () => (await import('@tidewall/gateways/sse/client')).createEventStreamTransport()),
    lazyTransport('poll', async () => (await import('@tidewall/gateways/poll/client')).createPollTransport()),
  ],
  name: location.pathname,
  failed: (failure) => reportError(failure),
});
for (const change of ['online', 'offline']) window.addEventListener(change, () => client.online());
// What nobody sees need not come often: what is held catches up when the page is seen again.
const pace = () => client.pace(document.hidden ? HIDDEN_RATE_HZ : undefined);
document.addEventListener('visibilitychange', pace);
pace();

// The browser takes this page away, with everything that it started.
const { signal } = new AbortController();
const reader = createAskedReader(client, signal);
const page = { root, reader, publisher: client, look: new PageLook(), signal };
leaveWhenSignedOut(page);
const [, screenId] = /^\/s\/([^/]+)\/?$/.exec(location.pathname) ?? [];
if (location.pathname === '/login' || location.pathname === '/setup') {
  showSignIn(page, location.pathname === '/login' ? 'login' : 'setup');
} else if (screenId === undefined) showHome(page);
else showScreenPage(page, decodeScreenId(screenId));

function decodeScreenId(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A broken escape is no screen; the page that helps shows what was asked for.
    return text;
  }
}
