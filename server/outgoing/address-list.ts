import ipaddr from 'ipaddr.js';

/** Hosts that may be reached though they are not public: names, addresses, and networks like `10.0.0.0/8`. */
export interface AddressList {
  hasName(host: string): boolean;
  hasAddress(address: string): boolean;
}

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** @throws TypeError naming the entry that is neither a name, an address nor a network */
export function parseAddressList(entries: readonly string[]): AddressList {
  const names = new Set<string>();
  const networks: Network[] = [];
  for (const entry of entries) {
    const network = networkOf(entry);
    if (network !== undefined) networks.push(network);
    else if (NAME.test(entry)) names.add(canonicalHost(entry));
    else throw new TypeError(`${JSON.stringify(entry)} is no host name, address or network like 10.0.0.0/8`);
  }
  return {
    hasName: (host) => names.has(canonicalHost(host)),
    hasAddress(address) {
      const parsed = parseAddress(address);
      return parsed !== undefined && networks.some((network) => isWithin(parsed, network));
    },
  };
}

const NAME = /^(?!.*\.\.)[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?\.?$/;

/** A host as it is compared: without the case of its letters, the dot at its end and the brackets of an address. */
export function canonicalHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^\[(.*)\]$/, '$1');
}

/** An address of version 4 or 6; what stands in for one of version 4 (`::ffff:10.0.0.1`) is that one. */
export function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const bare = canonicalHost(text).replace(/%.*$/, '');
  // The other spellings (010.1, 0x7f.1, 2130706433) are names to the resolver, whose answer is looked at.
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return undefined;
  return unwrapped(ipaddr.parse(bare));
}

/** Whether everybody on the internet means the same machine by it. */
export function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address.range() === 'unicast';
}

/** Where clouds answer what nobody but the machine may know, and where no service of people is. */
export function isLinkLocal(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address.range() === 'linkLocal' || isWithin(address, METADATA_V6);
}

/** EC2 answers for its metadata there too, within what is private otherwise. */
const METADATA_V6: Network = [ipaddr.parse('fd00:ec2::254'), 128];
const NAT64: Network = [ipaddr.parse('64:ff9b::'), 96];
const SIX_TO_FOUR: Network = [ipaddr.parse('2002::'), 16];

function unwrapped(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (!isVersion6(address)) return address;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  const bytes = address.toByteArray();
  if (isWithin(address, NAT64)) return new ipaddr.IPv4(bytes.slice(12));
  if (isWithin(address, SIX_TO_FOUR)) return new ipaddr.IPv4(bytes.slice(2, 6));
  return address;
}

function networkOf(entry: string): Network | undefined {
  const [address = '', bits, more] = entry.split('/');
  const parsed = parseAddress(address);
  if (parsed === undefined || more !== undefined) return undefined;
  const most = isVersion6(parsed) ? 128 : 32;
  if (bits === undefined) return [parsed, most];
  return /^\d{1,3}$/.test(bits) && Number(bits) <= most ? [parsed, Number(bits)] : undefined;
}

function isWithin(address: ipaddr.IPv4 | ipaddr.IPv6, [network, bits]: Network): boolean {
  if (isVersion6(address) !== isVersion6(network)) return false;
  // `match` is declared for each version by itself.
  return (address as ipaddr.IPv6).match(network as ipaddr.IPv6, bits);
}

function isVersion6(address: ipaddr.IPv4 | ipaddr.IPv6): address is ipaddr.IPv6 {
  return address.kind() === 'ipv6';
}
