/** Users and groups of this machine, by name or number: whose a socket is to be. Source: passwd(5), group(5). */
import { readFileSync } from 'node:fs';

/** As chown(2) takes them: -1 for no change. */
export interface SocketOwner {
  readonly uid: number;
  readonly gid: number;
}

/** @returns undefined for what is not there */
export function findOwner(text: string): SocketOwner | undefined {
  const [, user = '', colon, group = ''] = /^([^:]*)(:?)([^:]*)$/.exec(text) ?? [];
  if (user + group === '' || (colon === ':' && group === '')) return undefined;
  const uid = user === '' ? -1 : idOf('/etc/passwd', user);
  const gid = group === '' ? -1 : idOf('/etc/group', group);
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

/** Both files have the name first, and the number third. */
function idOf(file: string, name: string): number | undefined {
  if (/^\d{1,10}$/.test(name)) return Number(name);
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [known, , id] = line.split(':');
    if (known === name) return Number(id);
  }
  return undefined;
}
