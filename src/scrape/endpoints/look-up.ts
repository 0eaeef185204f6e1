/**
 * Looks up the addresses of an endpoint's host. Not with Node's lookup: where a name server does not answer, that blocks
 * one of libuv's few threads for ten seconds and more, and neither a worker thread nor the process can end before.
 */
import { isIPv6, type LookupFunction } from 'node:net';
import { lookUpHost } from '../../native.js';

/** By host, so that a name server that does not answer is asked once, not again at each scrape. */
const underWay = new Map<string, Promise<readonly string[]>>();

/** For net.connect. */
export const lookUp: LookupFunction = (host, { all }, callback) => {
  addressesOf(host).then(
    (addresses) => {
      const found = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
      if (all) callback(null, found);
      else callback(null, found[0]!.address, found[0]!.family);
    },
    (error: NodeJS.ErrnoException) => callback(error, []),
  );
};

function addressesOf(host: string): Promise<readonly string[]> {
  let addresses = underWay.get(host);
  if (addresses === undefined) {
    addresses = lookUpHost(host).finally(() => underWay.delete(host));
    underWay.set(host, addresses);
  }
  return addresses;
}
