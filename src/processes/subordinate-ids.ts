/**
 * Whom subordinate user ids belong to. In a user namespace a user runs processes as any id of such a range, 65,536 of
 * them as a rule, and would count as so many users.
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
      // A name that another database knows: its range counts as one user all the same.
      const owner = uidOf.get(user) ?? Number(/^\d+$/.test(user) ? user : first);
      return [{ first: Number(first), count: Number(count), owner }];
    });
  }

  /** As /etc says now; none where it does not. */
  static async read(): Promise<SubordinateIds> {
    const [subuid, passwd] = await Promise.all(
      ['/etc/subuid', '/etc/passwd'].map((path) => readFile(path, 'utf8').catch(() => '')),
    );
    return new SubordinateIds(subuid!, passwd!);
  }

  /** The user that runs processes as this one: itself, but for a subordinate id. */
  ownerOf(uid: number): number {
    const range = this.#ranges.find(({ first, count }) => uid >= first && uid < first + count);
    return range?.owner ?? uid;
  }
}
