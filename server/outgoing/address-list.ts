import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Hosts that may be reached though they are not public: names, addresses, and networks like `10.0.0.0/8`. */
export interface AddressList {
  hasName(host: string): boolean;
  /**
   * Whether an entry is that address, or a network that it is of. Addresses that are nobody's (see `isPrivate`) are only
   * of networks whose own address is nobody's either: who allows `100.64.0.0/10` does not mean a cloud's metadata in it.
   */
  hasAddress(address: string): boolean;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = readonly [Address, number];

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
      if (parsed === undefined) return false;
      return networks.some((network) => isWithin(parsed, network) && (isMeant(parsed) || isOfNobody(network)));
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
export function parseAddress(text: string): Address | undefined {
  const bare = canonicalHost(text).replace(/%.*$/, '');
  // The other spellings (010.1, 0x7f.1, 2130706433) are names to the resolver, whose answer is looked at.
  if (isIP(bare) === 0) return undefined;
  return unwrapped(ipaddr.parse(bare));
}

/** Whether everybody on the internet means the same machine by it, and anybody may talk to it. */
export function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast' || isCloudsOwn(address)) return false;
  return !isVersion6(address) || isWithin(address, GLOBAL_V6);
}

/**
 * Whether it is a machine's of the own networks, or this machine's. What is neither this nor public is nobody's:
 * link-local addresses and others by which clouds tell a machine its secrets, groups of machines, no address at all.
 */
export function isPrivate(address: Address): boolean {
  return PRIVATE.includes(address.range()) && !isCloudsOwn(address);
}

const PRIVATE: readonly string[] = [
  ...['loopback', 'private', 'carrierGradeNat', 'uniqueLocal', 'deprecatedSiteLocal'],
  // Proxies for development answer with addresses of 198.18.0.0/15 for every name.
  'reserved',
];

function isMeant(address: Address): boolean {
  return isPublic(address) || isPrivate(address);
}

/** Nearly everything is within a network of a few bits, whatever its own address. */
function isOfNobody([address, bits]: Network): boolean {
  return bits >= 8 && !isMeant(address);
}

/** Where clouds answer what nobody but the machine may know, outside of what is link-local. */
const CLOUDS: readonly Network[] = [
  // Alibaba, Azure (its agent's), Oracle; then Amazon (metadata, credentials of pods, names, time), Google, Scaleway.
  ...['100.100.100.200/32', '168.63.129.16/32', '192.0.0.192/32'],
  ...['fd00:ec2::/32', 'fd20:ce::254/128', 'fd00:42::42/128'],
].map((network) => ipaddr.parseCIDR(network));

function isCloudsOwn(address: Address): boolean {
  return CLOUDS.some((network) => isWithin(address, network));
}

/** All that is given to anybody so far; what is not given yet is not public. */
const GLOBAL_V6: Network = ipaddr.parseCIDR('2000::/3');
const NAT64: Network = ipaddr.parseCIDR('64:ff9b::/96');
const SIX_TO_FOUR: Network = ipaddr.parseCIDR('2002::/16');
/** `::ffff:0:10.0.0.1` (SIIT), and `::10.0.0.1`, which was given up long ago. */
const TRANSLATED: Network = ipaddr.parseCIDR('::ffff:0:0:0/96');
const COMPATIBLE: Network = ipaddr.parseCIDR('::/96');

function unwrapped(address: Address): Address {
  if (!isVersion6(address)) return address;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  const bytes = address.toByteArray();
  if (isWithin(address, NAT64) || isWithin(address, TRANSLATED)) return new ipaddr.IPv4(bytes.slice(12));
  if (isWithin(address, SIX_TO_FOUR)) return new ipaddr.IPv4(bytes.slice(2, 6));
  const isOwnName = ['loopback', 'unspecified'].includes(address.range());
  return isWithin(address, COMPATIBLE) && !isOwnName ? new ipaddr.IPv4(bytes.slice(12)) : address;
}

function networkOf(entry: string): Network | undefined {
  const [address = '', bits, more] = entry.split('/');
  const parsed = parseAddress(address);
  if (parsed === undefined || more !== undefined) return undefined;
  const most = isVersion6(parsed) ? 128 : 32;
  if (bits === undefined) return [parsed, most];
  return /^\d{1,3}$/.test(bits) && Number(bits) <= most ? [parsed, Number(bits)] : undefined;
}

function isWithin(address: Address, [network, bits]: Network): boolean {
  if (isVersion6(address) !== isVersion6(network)) return false;
  // `match` is declared for each version by itself.
  return (address as ipaddr.IPv6).match(network as ipaddr.IPv6, bits);
}

function isVersion6(address: Address): address is ipaddr.IPv6 {
  return address.kind() === 'ipv6';
}
