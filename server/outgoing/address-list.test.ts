import { describe, expect, it } from 'vitest';
import { canonicalHost, isPrivate, isPublic, parseAddress, parseAddressList } from './address-list.ts';

const kindOf = (text: string) => {
  const address = parseAddress(text);
  if (address === undefined) return 'no address';
  return isPublic(address) ? 'public' : isPrivate(address) ? 'private' : 'nobody';
};

describe('an address is told for what it is, however it is written', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '2606:4700:4700::1111',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
    '[2600::]',
  ])('%s is public', (text) => expect(kindOf(text)).toBe('public'));

  it.each([
    ...['127.0.0.1', '127.255.255.254', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1'],
    ...['::1', '[::1]', '0:0:0:0:0:0:0:1', '::0001', 'fc00::1', 'fd12:3456::1', 'fec0::1', 'FD00::1', '127.0.0.1.'],
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::FFFF:10.0.0.1', '0:0:0:0:0:ffff:7f00:1', '::127.0.0.1', '::7f00:1'],
    ...['64:ff9b::7f00:1', '64:ff9b::10.0.0.1', '2002:7f00:1::', '2002:a00:1::1', '::ffff:0:7f00:1', '198.18.0.1'],
    ...['fd00::1%eth0', '::1%lo', '2001:db8::1%x'],
  ])('%s is private', (text) => expect(kindOf(text)).toBe('private'));

  it.each([
    ...['169.254.169.254', '169.254.170.2', '::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '64:ff9b::a9fe:a9fe'],
    ...['2002:a9fe:a9fe::', '::ffff:0:a9fe:a9fe', '::a9fe:a9fe', 'fe80::1', 'fe80::1%eth0', 'febf::1'],
    ...['fd00:ec2::254', 'FD00:0EC2:0:0:0:0:0:254', 'fd00:ec2::23', 'fd20:ce::254', 'fd00:42::42'],
    ...['100.100.100.200', '168.63.129.16', '192.0.0.192', '::ffff:100.100.100.200', '::ffff:168.63.129.16'],
    ...['0.0.0.0', '0.1.2.3', '::', '::ffff:0.0.0.0', '255.255.255.255', '224.0.0.1', '239.1.2.3', 'ff02::1'],
    ...['64:ff9b:1::7f00:1', '2001::1', '100::1', '5f00::1', '4000::1'],
  ])('%s is nobody’s', (text) => expect(kindOf(text)).toBe('nobody'));

  it.each([
    'localhost',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '010.0.0.1',
    '１２７.0.0.1',
    '',
    'a:b',
    '1.2.3.4.5',
  ])('%s is a name, for the resolver to say', (text) => expect(kindOf(text)).toBe('no address'));
});

describe('the list of what may be reached', () => {
  it('has names whatever the case of their letters, and whether a dot ends them', () => {
    const list = parseAddressList(['Printer.Local', 'db.']);
    for (const name of ['printer.local', 'PRINTER.LOCAL.', 'db', 'DB.']) expect(list.hasName(name)).toBe(true);
    for (const name of ['printer', 'x.printer.local', 'printer.local.x']) expect(list.hasName(name)).toBe(false);
  });

  it('has addresses and networks, and those that are written otherwise', () => {
    const list = parseAddressList(['10.1.2.3', '192.168.0.0/16', 'fd12::/16', '[fd99::1]']);
    const inside = ['10.1.2.3', '::ffff:10.1.2.3', '192.168.255.255', '64:ff9b::c0a8:1', 'fd12:abcd::1', 'fd99::1'];
    for (const address of inside) expect([address, list.hasAddress(address)]).toEqual([address, true]);
    const outside = ['10.1.2.4', '192.169.0.0', 'fd13::1', 'fd99::2', '::1', 'printer.local'];
    for (const address of outside) expect([address, list.hasAddress(address)]).toEqual([address, false]);
  });

  it.each([
    ['0.0.0.0/0', '169.254.169.254', false],
    ['0.0.0.0/1', '100.100.100.200', false],
    ['100.64.0.0/10', '100.100.100.200', false],
    ['fd00::/8', 'fd00:ec2::254', false],
    ['::/0', 'fe80::1', false],
    ['169.254.169.254', '169.254.169.254', true],
    ['169.254.0.0/16', '169.254.169.254', true],
    ['100.100.100.200', '100.100.100.200', true],
    ['fd00:ec2::254', 'fd00:ec2::254', true],
    ['0.0.0.0/0', '10.0.0.1', true],
  ])('%s has %s: %s, since what is nobody’s must be meant', (entry, address, has) => {
    expect(parseAddressList([entry]).hasAddress(address)).toBe(has);
  });

  it.each([
    '',
    'a b',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    'fd00::/129',
    'http://x',
    'x:80',
    '*',
    'a..b',
    '/8',
  ])('refuses %j by name', (entry) => expect(() => parseAddressList([entry])).toThrow(JSON.stringify(entry)));
});

it('hosts are compared without case, brackets and the dot at the end', () => {
  expect(canonicalHost('[FD00::1]')).toBe('fd00::1');
  expect(canonicalHost('LocalHost.')).toBe('localhost');
});
