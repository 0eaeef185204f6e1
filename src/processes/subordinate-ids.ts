/**
 * The owners of subordinate user ids. In a user namespace a user can run processes as any id of such a range, usually
 * 65,536, and would count as that many users.
 *
 * Source: subuid(5), passwd(5).
 */
import { readFile } from 'node:fs/promises';

interface Range {
  readonly first: number;
  readonly count: number;
  readonly owner: number;
}

export class SubordinateIds {
  readonly #ranges: readonly Range[];

  /**
   * @param subuid lines `USER:FIRST:COUNT`, USER a name or an id
   * @param passwd lines `NAME:…:UID:…`
   */
  constructor(subuid: string, passwd: string) {
    const uidOf = new Map<string, number>();
    for (const line of passwd.split('\n')) {
      const [name = '', , uid = ''] = line.split(':');
      if (/^\d+$/.test(uid)) uidOf.set(name, Number(uid));
    }
    this.#ranges = subuid.split('\n').flatMap((line) => {
      const [, user = '', first, count] = /^([^:#]+):(\d+):(\d+)\s*$/.exec(line) ?? [];
      if (first === undefined) return [];
      // A name from another database: its range still counts as one user.
      const owner = uidOf.get(user) ?? Number(/^\d+$/.test(user) ? user : first);
      return [{ first: Number(first), count: Number(count), owner }];
    });
  }

  /** The current ones in /etc; none if the files are missing. */
  static async read(): Promise<SubordinateIds> {
    const [subuid, passwd] = await Promise.all(
      ['/etc/subuid', '/etc/passwd'].map((path) => readFile(path, 'utf8').catch(() => '')),
    );
    return new SubordinateIds(subuid!, passwd!);
  }

  /** The owner of a subordinate id; any other user is its own owner. */
  ownerOf(uid: number): number {
    const range = this.#ranges.find(({ first, count }) => uid >= first && uid < first + count);
    return range?.owner ?? uid;
  }
}
