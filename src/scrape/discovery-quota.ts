/**
 * Which directories become sources of `--discover`, so that no user can shut out the others.
 *
 *   100 in all       each adds labels to every series, and takes memory
 *   20 of each user  are served whatever other users have, while there is room
 *   50               as long as there are fewer in all, a user may have more than 20
 *
 * A single user gets 50. A directory that is served stays: later ones never displace that of another user.
 *
 * A directory counts for a user whose processes use it, not for its owner, since any process can name a directory of
 * another user. If several users use it, it counts for one that has room, so that naming a directory cannot exclude it.
 */
import type { DiscoveredDirectory } from '../processes/discover.js';

export const MAX_DIRECTORIES = 100;
export const DIRECTORIES_OF_USER = 20;

/** With fewer than this in all, a user may have more than DIRECTORIES_OF_USER. */
const OPEN_DIRECTORIES = MAX_DIRECTORIES / 2;

/**
 * @param candidates users that a directory may count for
 * @param served the user that each served directory counts for
 * @returns the user that it is to count for; undefined where none of them may have another one
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

/** The users of a directory, first those that write to it. */
export function usersOf({ users }: Pick<DiscoveredDirectory, 'users'>): readonly number[] {
  const found = new Set<number>();
  for (const isWriter of [true, false]) {
    for (const { uid, writes } of users) {
      if (uid !== undefined && writes === isWriter) found.add(uid);
    }
  }
  return [...found];
}

/** One directory of each user in turn, so that neither names nor the number of directories favour a user. */
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
