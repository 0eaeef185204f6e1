/**
 * What a listen address says: `host:port`, `:port` for all interfaces, `[::1]:port` for IPv6.
 *
 * The forms are those of Go's net.Listen, which every exporter's --web.listen-address takes, without
 * its named ports. Whether the host exists is found out when it is listened on.
 */

export interface ListenAddress {
  /** As it was written, for messages. */
  readonly text: string;
  /** Without brackets; undefined for all interfaces, IPv6 and IPv4. */
  readonly host: string | undefined;
  /** 0 lets the system choose. */
  readonly port: number;
}

const ADDRESS = /^(?:\[(?<bracketed>[0-9A-Fa-f:.]+(?:%\w+)?)\]|(?<host>[\w.-]*)):(?<port>\d{1,5})$/;

/** Returns undefined for what is no address. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const parts = ADDRESS.exec(text)?.groups;
  if (!parts) return undefined;
  const port = Number(parts.port);
  if (port > 65535) return undefined;
  return { text, host: parts.bracketed ?? (parts.host || undefined), port };
}
