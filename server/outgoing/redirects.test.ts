import { createTestAuthority, eventually, findProgram, TestServers } from '@tidewall/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAddressList } from './address-list.ts';
import { createOutgoing } from './outgoing.ts';

const servers = new TestServers();
afterEach(() => servers.close());

/** Leads to what the path says: `/302/http://…`. */
const leading = () =>
  servers.http((request, response) => {
    const [, status, location] = /^\/(\d{3})\/(.*)$/.exec(request.url ?? '') ?? [];
    if (status === undefined || location === undefined) response.end(`${request.method} ok`);
    else response.writeHead(Number(status), { location: decodeURIComponent(location) }).end();
  });
const to = (location: string, status = 302) => `/${status}/${encodeURIComponent(location)}`;

const trusted = createOutgoing({ allowed: parseAddressList([]), trusted: true });
const stranger = (...allow: string[]) => createOutgoing({ allowed: parseAddressList(allow), trusted: false });

describe('[O5] each hop is judged anew', () => {
  it('an allowed host may not lead to a private one', async () => {
    const { port, asked } = await leading();
    const start = `http://127.0.0.2:${port}`;
    for (const host of ['127.0.0.3', 'localhost', '[::1]', '2130706433', '169.254.169.254', '[::ffff:127.0.0.1]']) {
      const leads = stranger('127.0.0.2').request(`${start}${to(`http://${host}:${port}/secret`)}`);
      await expect(leads).rejects.toThrow(/^an answer leads to .* may not be reached/);
    }
    expect(asked.filter((line) => line.endsWith('/secret'))).toEqual([]);
  });

  it('a trusted host may not lead to another private host, nor to another port of its own, even over several hops', async () => {
    const { port } = await leading();
    const other = await servers.http((_, response) => response.end('secret'));
    for (const location of [
      `http://127.0.0.3:${other.port}/`,
      `http://127.0.0.1:${other.port}/`,
      `//127.0.0.3:${other.port}/`,
    ]) {
      const url = `http://127.0.0.1:${port}${to(`http://127.0.0.1:${port}${to(location)}`, 307)}`;
      await expect(trusted.request(url)).rejects.toThrow(/^an answer leads to 127\.0\.0\.[13], which is not a public/);
    }
    expect(other.reachedAt).toEqual([]);
  });

  it('a trusted host may lead to itself, and where the configuration allows', async () => {
    const { port } = await leading();
    const answer = await trusted.request(`http://127.0.0.1:${port}${to('/here')}`);
    expect(await answer.text()).toBe('GET ok');
    expect(answer.url).toBe(`http://127.0.0.1:${port}/here`);

    const allowing = createOutgoing({ allowed: parseAddressList(['127.0.0.5']), trusted: true });
    const elsewhere = await allowing.request(`http://127.0.0.1:${port}${to(`http://127.0.0.5:${port}/there`)}`);
    expect(await elsewhere.text()).toBe('GET ok');
  });

  it.each(['ftp://8.8.8.8/', 'file:///etc/passwd', 'data:,x', 'javascript:alert(1)'])(
    'nobody leads to %s',
    async (location) => {
      const { port } = await leading();
      const asked = trusted.request(`http://127.0.0.1:${port}${to(location)}`);
      await expect(asked).rejects.toThrow(/must begin with http:\/\/ or https:\/\//);
    },
  );

  it('an answer that leads to no address is told, without what it holds', async () => {
    const { port } = await leading();
    const asked = trusted.request(`http://127.0.0.1:${port}${to('http://user:s3cret@[/')}`);
    await expect(asked).rejects.toThrow(`127.0.0.1:${port} leads to what is no address`);
  });

  it('an answer that leads in a circle is given up after five hops, or as many as are asked for', async () => {
    const { port, asked } = await servers.http((_, response) => response.writeHead(302, { location: '/again' }).end());
    const url = `http://127.0.0.1:${port}/`;
    await expect(trusted.request(url)).rejects.toThrow(`127.0.0.1:${port} leads on and on: more than 5 redirects`);
    expect(asked).toHaveLength(6);
    await expect(trusted.request(url, { maxRedirects: 0 })).rejects.toThrow('more than 0 redirects');
  });

  it('a status that leads, without saying where, is an answer', async () => {
    const { port } = await servers.http((_, response) => response.writeHead(302).end('nowhere'));
    const answer = await trusted.request(`http://127.0.0.1:${port}/`);
    expect([answer.status, await answer.text()]).toEqual([302, 'nowhere']);
  });

  it('what an answer that leads on says for ever is not waited for, and its connection is let go', async () => {
    const server = await servers.http((request, response) => {
      if (request.url === '/end') return void response.end('done');
      response.writeHead(302, { location: '/end' });
      response.write('and on');
    });
    const answer = await trusted.request(`http://127.0.0.1:${server.port}/`, { timeoutMs: 60_000 });
    expect(await answer.text()).toBe('done');
    await eventually(() => server.open === 0, 'both connections are let go');
  });
});

describe('[O6] what one host is told is not told to the next', () => {
  const secrets = {
    Authorization: 'Bearer s3cret',
    COOKIE: 'session=s3cret',
    'Proxy-Authorization': 's3cret',
    'X-Api-Key': 's3cret',
    'x-anything': 's3cret',
    accept: 'application/json',
  };
  const allowing = createOutgoing({ allowed: parseAddressList(['127.0.0.0/8']), trusted: true });

  it('another host gets no credentials and no header of ours, and the first one none any more when it is led back', async () => {
    const { port, headers } = await leading();
    const back = `http://127.0.0.1:${port}/end`;
    const away = `http://127.0.0.2:${port}${to(back)}`;
    await (await allowing.request(`http://127.0.0.1:${port}${to(away)}`, { headers: secrets })).text();
    expect(headers).toHaveLength(3);
    expect(JSON.stringify(headers[0])).toContain('s3cret');
    for (const later of headers.slice(1)) {
      expect(JSON.stringify(later)).not.toContain('s3cret');
      expect(later.accept).toBe('application/json');
    }
  });

  it('another port of the same host is another host', async () => {
    const { port } = await leading();
    const other = await leading();
    await (
      await allowing.request(`http://127.0.0.1:${port}${to(`http://127.0.0.1:${other.port}/`)}`, { headers: secrets })
    ).text();
    expect(JSON.stringify(other.headers)).not.toContain('s3cret');
  });

  it('the same host keeps them', async () => {
    const { port, headers } = await leading();
    await (await allowing.request(`http://127.0.0.1:${port}${to('/end')}`, { headers: secrets })).text();
    expect(headers[1]?.authorization).toBe('Bearer s3cret');
    expect(headers[1]?.['x-api-key']).toBe('s3cret');
  });

  it.skipIf(findProgram('openssl') === undefined)('the same host without TLS gets none', async () => {
    const authority = createTestAuthority();
    const plain = await leading();
    const secure = await servers.http(
      (_, response) => response.writeHead(302, { location: `http://127.0.0.1:${plain.port}/` }).end(),
      { tls: authority.issue('IP:127.0.0.1') },
    );
    const url = `https://127.0.0.1:${secure.port}/`;
    await (await allowing.request(url, { headers: secrets, ca: authority.ca })).text();
    expect(secure.headers[0]?.authorization).toBe('Bearer s3cret');
    expect(JSON.stringify(plain.headers)).not.toContain('s3cret');
  });

  it.each([307, 308])('a body is not sent to another host: %i', async (status) => {
    const { port, asked } = await leading();
    const request = { method: 'POST', body: 'client_secret=s3cret' };
    const led = allowing.request(`http://127.0.0.1:${port}${to(`http://127.0.0.2:${port}/end`, status)}`, request);
    await expect(led).rejects.toThrow(`127.0.0.1:${port} leads to http://127.0.0.2:${port} with what was sent to it`);
    expect(asked).toHaveLength(1);
    const stays = await allowing.request(`http://127.0.0.1:${port}${to('/end', status)}`, request);
    expect(await stays.text()).toBe('POST ok');
  });

  it.each([301, 302, 303])('what is posted becomes a question without a body: %i', async (status) => {
    const { port, headers } = await leading();
    const request = { method: 'post', body: '{}', headers: { 'Content-Type': 'application/json' } };
    const answer = await allowing.request(`http://127.0.0.1:${port}${to('/end', status)}`, request);
    expect(await answer.text()).toBe('GET ok');
    expect(headers[1]).not.toHaveProperty('content-type');
    expect(headers[1]).not.toHaveProperty('content-length');
  });

  it('who an address that is led to names is not sent', async () => {
    const { port, headers } = await leading();
    const answer = await trusted.request(`http://127.0.0.1:${port}${to(`http://u:p@127.0.0.1:${port}/end`)}`);
    expect(answer.url).toBe(`http://127.0.0.1:${port}/end`);
    await answer.text();
    expect(headers[1]).not.toHaveProperty('authorization');
  });
});
