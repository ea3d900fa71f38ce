import type { Page } from './page.ts';
import { fetchSession, goToLogin } from './session.ts';

const STAY_MS = 12 * 60 * 60_000;

/**
 * Leads a page to where people sign in when nobody is known to look at it and that has to be known; also later, when who was
 * signed in is let in no more. A server that cannot be asked is asked again when the link is back.
 */
export function leaveWhenSignedOut({ reader, signal }: Pick<Page, 'reader' | 'signal'>): void {
  if (location.pathname === '/login' || location.pathname === '/setup') return;
  // There it could not be shown: nobody else may frame the page where people sign in.
  if (isFramedByOthers()) return;
  const look = () => {
    fetchSession().then(
      ({ closed, id }) => {
        if (closed && id === 'anybody' && !signal.aborted) goToLogin();
      },
      () => {},
    );
  };
  look();
  // Who is out is told so by the end of the link, and who was signed out while it was away by nothing.
  const unlisten = reader.onStatus((status) => {
    if (status.type === 'live' || status.type === 'closed' || (status.type === 'waiting' && status.attempt <= 1))
      look();
  });
  // A wall that runs for months stays signed in by asking.
  const asking = setInterval(look, STAY_MS);
  signal.addEventListener('abort', () => {
    unlisten();
    clearInterval(asking);
  });
}

/** Whether a page of another origin is around this one. */
function isFramedByOthers(): boolean {
  try {
    return window.top?.location.origin !== location.origin;
  } catch {
    return true;
  }
}
