/**
 * Where debug surfaces are served: what they show of processes is meant for the operators of the machine.
 *
 * On loopback and on sockets in the file system, which only users of this machine reach; on --web.debug-address; and
 * with --web.enable-debug on every address. TLS and users of --web.config.file apply to them too.
 */
import { BlockList, isIP } from 'node:net';
import type { ListenAddress } from './listen-address.js';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether only this machine reaches it. A name other than localhost may resolve to any address. */
export function isLocal(address: ListenAddress): boolean {
  if ('path' in address) return true;
  const { host } = address;
  if (host === undefined) return false;
  const family = isIP(host);
  if (family === 0) return host.toLowerCase() === 'localhost';
  return LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
