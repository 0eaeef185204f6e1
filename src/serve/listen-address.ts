/**
 * Parses a listen address: `host:port`, `:port` for all interfaces, `[::1]:port` for IPv6, `unix:/path` for a socket in
 * the file system.
 *
 * The forms with a port are those of Go's net.Listen, which every exporter's --web.listen-address takes, without its named
 * ports. Whether the host exists shows when promfold listens on it.
 */

export interface TcpAddress {
  /** As it was written, for messages. */
  readonly text: string;
  /** Without brackets; undefined for all interfaces, IPv6 and IPv4. */
  readonly host: string | undefined;
  /** 0 lets the system choose. */
  readonly port: number;
}

export interface SocketPath {
  readonly text: string;
  /** Absolute. */
  readonly path: string;
}

export type ListenAddress = TcpAddress | SocketPath;

const ADDRESS = /^(?:\[(?<bracketed>[0-9A-Fa-f:.]+(?:%\w+)?)\]|(?<host>[\w.-]*)):(?<port>\d{1,5})$/;

const SOCKET = /^unix:(?:\/\/)?(\/[^\0]*[^\0/])$/;

/** The kernel does not accept longer paths: sun_path of unix(7), without its last byte. */
export const MAX_SOCKET_PATH_BYTES = 107;

/** Returns undefined if it is not an address. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [, path] = SOCKET.exec(text) ?? [];
  if (path !== undefined) {
    return Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES ? undefined : { text, path };
  }
  const parts = ADDRESS.exec(text)?.groups;
  if (!parts) return undefined;
  const port = Number(parts.port);
  if (port > 65535) return undefined;
  return { text, host: parts.bracketed ?? (parts.host || undefined), port };
}
