/** Whether this machine has ::1. */
import { networkInterfaces } from 'node:os';

export function hasIpv6Loopback(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === '::1'),
  );
}
