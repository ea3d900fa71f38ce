const SENTENCES: Readonly<Record<number, string>> = {
  400: 'it does not understand the question',
  401: 'it does not take our credentials (auth), or wants some',
  402: 'it wants to be paid',
  403: 'we have no right to that',
  404: 'there is nothing at that address',
  405: 'it takes no such method (method)',
  406: 'it cannot answer in the form that we ask for (headers.accept)',
  407: 'a proxy wants credentials',
  410: 'what was there is gone',
  411: 'it wants a body',
  413: 'what we send is too large',
  414: 'the address is too long',
  415: 'it does not take what we send (content-type)',
  422: 'it does not take the values that we send',
  429: 'we ask too often (intervalMs)',
  500: 'it has failed by itself',
  502: 'what is behind it does not answer',
  503: 'it is not ready',
  504: 'what is behind it does not answer in time',
};

/** What the status of an answer that is none says. */
export function statusSentence(status: number): string {
  return SENTENCES[status] ?? SENTENCES[Math.floor(status / 100) * 100] ?? 'that is no answer that we know';
}
