/** Users and groups of this machine, by name or number: the owner of a socket. Source: passwd(5), group(5). */
import { readFileSync } from 'node:fs';

/** As chown(2) takes them: -1 for no change. */
export interface SocketOwner {
  readonly uid: number;
  readonly gid: number;
}

/** @returns undefined if it does not exist */
export function findOwner(text: string): SocketOwner | undefined {
  const [, user = '', colon, group = ''] = /^([^:]*)(:?)([^:]*)$/.exec(text) ?? [];
  if (user + group === '' || (colon === ':' && group === '')) return undefined;
  const uid = user === '' ? -1 : idOf('/etc/passwd', user);
  const gid = group === '' ? -1 : idOf('/etc/group', group);
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

/** In both files the name is the first field, and the number the third. */
function idOf(file: string, name: string): number | undefined {
  if (/^\d{1,10}$/.test(name)) return Number(name);
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [known, , id] = line.split(':');
    if (known === name) return Number(id);
  }
  return undefined;
}
