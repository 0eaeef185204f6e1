/** Where `serve` listens according to its flags, and the URLs by which it is reached. */
import type { FastifyInstance } from 'fastify';
import { UsageError } from '../errors.js';
import { portHolder } from '../processes/port-holder.js';
import { isLocal } from '../serve/debug-surface.js';
import { type Listener, listen, listenOnAll } from '../serve/listen.js';
import type { ListenAddress } from '../serve/listen-address.js';
import { parseRoutePrefix } from '../serve/route-prefix.js';
import type { SocketAccess } from '../serve/socket-file.js';
import { systemdSockets } from '../serve/systemd-sockets.js';
import type { FlagValues } from './flags.js';
import { systemErrorText } from './system-error.js';

type ListenFlags = FlagValues<
  | 'listenAddress'
  | 'debugAddress'
  | 'enableDebug'
  | 'systemdSocket'
  | 'socketMode'
  | 'socketOwner'
  | 'externalUrl'
  | 'routePrefix'
  | 'telemetryPath'
>;

/**
 * @param build makes a server for each address, with debug surfaces or without
 * @throws UsageError
 */
export async function* openListeners(
  flags: ListenFlags,
  build: (debug: boolean) => FastifyInstance,
): AsyncIterableIterator<Listener> {
  const { listenAddress, debugAddress, enableDebug, systemdSocket, socketMode, socketOwner } =
    flags;
  const access = { mode: socketMode, owner: socketOwner };
  if (systemdSocket) {
    const descriptors = systemdSockets();
    if (descriptors.length === 0) {
      throw new UsageError('--web.systemd-socket: systemd passed no socket (LISTEN_FDS)');
    }
    // Its unit decides who can reach it.
    for (const fd of descriptors) yield await listen(build(enableDebug), { fd });
  }
  for (const address of [...(systemdSocket ? [] : listenAddress), ...debugAddress]) {
    const debug = enableDebug || isLocal(address) || debugAddress.includes(address);
    yield await listenAt(() => build(debug), address, access);
  }
}

/**
 * Those of --web.load-address.
 *
 * @param build makes a server for each address
 * @throws UsageError
 */
export async function* openLoadListeners(
  {
    loadAddress,
    socketMode,
    socketOwner,
  }: FlagValues<'loadAddress' | 'socketMode' | 'socketOwner'>,
  build: (engine: string | undefined) => FastifyInstance,
): AsyncIterableIterator<{ readonly listener: Listener; readonly engine: string | undefined }> {
  const access = { mode: socketMode, owner: socketOwner };
  for (const { address, engine } of loadAddress) {
    yield { listener: await listenAt(() => build(engine), address, access), engine };
  }
}

/** @throws UsageError */
async function listenAt(
  build: () => FastifyInstance,
  address: ListenAddress,
  access: SocketAccess,
): Promise<Listener> {
  try {
    return await listenOnAll(build, address, access);
  } catch (error) {
    throw new UsageError(`${address.text}: ${systemErrorText(error)}${heldBy(error, address)}`);
  }
}

export function routePrefix({ routePrefix, externalUrl }: ListenFlags): string {
  return routePrefix ?? parseRoutePrefix(externalUrl?.pathname ?? '')!;
}

/** The URL of the exposition, for a browser or curl. */
export function urlOf(address: string, flags: ListenFlags, isTls: boolean): string {
  const path = flags.telemetryPath;
  if (flags.externalUrl !== undefined) {
    return flags.externalUrl.href.replace(/\/$/, '') + path;
  }
  if (/^(?:unix|fd):/.test(address)) return address;
  // All interfaces, so localhost reaches it too.
  const host = address.replace(/^(?:\[::\]|0\.0\.0\.0)(?=:)/, 'localhost');
  return `${isTls ? 'https' : 'http'}://${host}${routePrefix(flags)}${path}`;
}

function heldBy(error: unknown, address: ListenAddress): string {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return '';
  if ('path' in address) return ': it is not an abandoned socket';
  const holder = portHolder(address.port);
  return holder === undefined ? '' : `, by ${holder.program} (pid ${holder.pid})`;
}
