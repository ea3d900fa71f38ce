import { createTestAuthority, findProgram, freePort, type TestAuthority, TestServers } from '@tidewall/testkit';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseAddressList } from './address-list.ts';
import { createOutgoing } from './outgoing.ts';

const servers = new TestServers();
afterEach(() => servers.close());
const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: true });

async function sentence(url: string, options = {}): Promise<string> {
  const failure = await outgoing.request(url, options).then(
    async (answer) => `${answer.status} ${await answer.text()}`,
    (thrown: Error) => thrown.message,
  );
  return failure;
}

describe('[O9] what goes wrong is a sentence that names the host and the cure', () => {
  it('nothing listens', async () => {
    const port = await freePort();
    expect(await sentence(`http://127.0.0.1:${port}/?key=s3cret`)).toBe(
      `127.0.0.1:${port} cannot be asked: nothing listens there`,
    );
    expect(await sentence(`http://localhost:${port}/`)).toBe(
      `localhost:${port} cannot be asked: nothing listens there`,
    );
  });

  it('what listens is cut off, or speaks something else', async () => {
    const cut = await servers.tcp((socket) => socket.destroy());
    expect(await sentence(`http://127.0.0.1:${cut.port}/`)).toContain('the connection was cut');
    const ssh = await servers.tcp((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    expect(await sentence(`http://127.0.0.1:${ssh.port}/`)).toContain('it does not speak HTTP there');
    const plain = await servers.http((_, response) => response.end());
    expect(await sentence(`https://127.0.0.1:${plain.port}/`)).toContain(
      'it does not speak TLS there; is it http:// in place of https://?',
    );
  });

  it('a header that cannot be sent, without its value', async () => {
    const { port } = await servers.http((_, response) => response.end());
    const message = await sentence(`http://127.0.0.1:${port}/`, { headers: { authorization: 's3cret\r\nx: y' } });
    expect(message).toContain('authorization');
    expect(message).not.toContain('s3cret');
  });
});

describe.skipIf(findProgram('openssl') === undefined)('a certificate (openssl)', () => {
  let authority: TestAuthority;
  beforeAll(() => {
    authority = createTestAuthority();
  });
  const secure = (...names: string[]) =>
    servers.http((_, response) => response.end('ok'), { tls: authority.issue(...names) });

  it('of an unknown authority is refused with the cure, and taken when the authority is named', async () => {
    const { port } = await secure('IP:127.0.0.1');
    const url = `https://127.0.0.1:${port}/`;
    expect(await sentence(url)).toContain('its certificate is of an authority that is not known; name it in ca');
    expect(await sentence(url, { ca: authority.ca })).toBe('200 ok');
    expect(await sentence(url, { ca: authority.ca })).toBe('200 ok');
    expect(await sentence(url, { ca: createTestAuthority().ca })).toContain('an authority that is not known');
    expect(await sentence(url, { ca: 'no certificate' })).toContain('an authority that is not known');
  });

  it('for another name is refused', async () => {
    const { port } = await secure('DNS:example.org', 'IP:127.0.0.9');
    expect(await sentence(`https://127.0.0.1:${port}/`, { ca: authority.ca })).toContain('is for another name');
    expect(await sentence(`https://localhost:${port}/`, { ca: authority.ca })).toContain('is for another name');
    expect(await sentence(`https://127.0.0.9:${port}/`, { ca: authority.ca })).toBe('200 ok');
  });

  it('of nobody is taken where that is asked for', async () => {
    const { port } = await secure('DNS:example.org');
    expect(await sentence(`https://127.0.0.1:${port}/`, { insecure: true })).toBe('200 ok');
  });

  it('does not make a server that has none speak TLS', async () => {
    const { port } = await secure('IP:127.0.0.1');
    expect(await sentence(`http://127.0.0.1:${port}/`)).toMatch(
      /cannot be asked: (it does not speak HTTP|the connection was cut)|^400/,
    );
  });
});
