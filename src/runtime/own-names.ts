import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

/** Where a server listens unless told otherwise: no other machine reaches it. */
export const LOOPBACK = '127.0.0.1';

/** Names of this machine for itself. Browsers give them to nobody else, so that no site can have one of them point elsewhere. */
const LOOPBACK_NAMES = [LOOPBACK, 'localhost', '[::1]'];

/** Names that a page sends with its requests (`Host`) where it was loaded from a server of ours. */
export interface OwnNames {
  /** What a link to the server begins with, without the port. */
  name: string;
  /** Whether a `Host` header names the server. */
  include(host: string | undefined): boolean;
}

/**
 * The names of a server. A page of another site that has its own name point here (DNS rebinding) sends that name, and may learn nothing.
 * @param address where the server listens; `0.0.0.0` and `::` are every address of this machine
 * @param port gives the port that must stand in the header; undefined: any may, for whoever tunnels to here chooses one of his own
 */
export function ownNames(address: string, port: () => number | undefined): OwnNames {
  const all = address === '0.0.0.0' || address === '::';
  const own = all ? [hostname(), ...interfaceAddresses().map(bracketed)] : [bracketed(address)];
  const names = new Set([...LOOPBACK_NAMES, ...own].map(name => name.toLowerCase()));
  return {
    name: own[0]!,
    include(host) {
      const [, name, given] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(host ?? '') ?? [];
      if (name === undefined || !names.has(name.toLowerCase())) return false;
      const wanted = port();
      return wanted === undefined || given === String(wanted);
    },
  };
}

function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap(each => each?.map(({ address }) => address) ?? []);
}

/** An address as links have it. */
function bracketed(address: string): string {
  return isIP(address) === 6 ? `[${address}]` : address;
}
