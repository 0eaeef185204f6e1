/**
 * Which directories become sources of `--discover`, so that no user can shut out the others.
 *
 *   100 in all       each is labels on every series, and memory
 *   20 of each user  are served whatever the others have, while there is room
 *   50               as long as there are fewer in all, a user may have more than 20
 *
 * One user alone gets 50. What is served stays: what comes later, of whomever, takes no place of another user.
 *
 * A directory counts for a user whose processes use it, not for its owner: anybody can name directories of others.
 * Where several users do, it counts for one that has room, so that naming a directory keeps it from nobody.
 */
import type { DiscoveredDirectory } from '../processes/discover.js';

export const MAX_DIRECTORIES = 100;
export const DIRECTORIES_OF_USER = 20;

/** In all, up to which a user may have more than DIRECTORIES_OF_USER. */
const OPEN_DIRECTORIES = MAX_DIRECTORIES / 2;

/**
 * @param candidates users that a directory may count for
 * @param served for whom each directory that is served counts
 * @returns for whom it is to count; undefined where none of them may have another one
 */
export function userWithRoom(
  candidates: readonly number[],
  served: readonly number[],
): number | undefined {
  if (served.length >= MAX_DIRECTORIES) return undefined;
  if (served.length < OPEN_DIRECTORIES) return candidates[0];
  return candidates.find(
    (user) => served.filter((other) => other === user).length < DIRECTORIES_OF_USER,
  );
}

/** The users of a directory, those who write to it first. */
export function usersOf({ users }: Pick<DiscoveredDirectory, 'users'>): readonly number[] {
  const found = new Set<number>();
  for (const isWriter of [true, false]) {
    for (const { uid, writes } of users) {
      if (uid !== undefined && writes === isWriter) found.add(uid);
    }
  }
  return [...found];
}

/** In turn one directory of each user, so that between users no name and no number of directories decides. */
export function inTurn<T extends Pick<DiscoveredDirectory, 'users'>>(
  directories: readonly T[],
): readonly T[] {
  const count = new Map<number, number>();
  const ranked = directories.map((directory) => {
    let rank = Number.POSITIVE_INFINITY;
    for (const user of usersOf(directory)) {
      const before = count.get(user) ?? 0;
      count.set(user, before + 1);
      rank = Math.min(rank, before);
    }
    return { directory, rank };
  });
  // Not by a difference: that of two infinities is NaN. The order within a rank stays.
  ranked.sort((a, b) => (a.rank === b.rank ? 0 : a.rank < b.rank ? -1 : 1));
  return ranked.map(({ directory }) => directory);
}
