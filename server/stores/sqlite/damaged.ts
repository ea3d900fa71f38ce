/** What to say of a file in which something is not as it was written, and what to do about it. */
export function damaged(path: string, what: string): string {
  const cure = 'put back a backup with "tidewall restore", or move it away to start without what it held';
  return `${path} is damaged: ${what.replace(/\s+/g, ' ')}; ${cure}`;
}
