/**
 * Which names have to give way where escaping makes two of them equal.
 *
 * Prometheus drops a whole target for one repeated label name, so the first in code-point order of
 * the original keeps its spelling and the others are printed in forced `values` (`src/reference.md` H3,
 * N9): `a.b` and `a_b` are printed as `a_b` and `U__a__b`.
 */

/**
 * @param spelling the names as they would be printed, in code-point order of the originals
 * @param forced the same names in forced `values`, which differ wherever the originals do
 * @param reserved whether a spelling is nobody's to have
 * @returns indexes of the names that must be forced
 */
export function namesToForce(
  spelling: readonly string[],
  forced: readonly string[],
  reserved: (spelling: string) => boolean = () => false,
): Set<number> {
  const giveWay = new Set<number>();
  const owner = new Map<string, number>();
  for (const [i, name] of spelling.entries()) {
    if (owner.has(name) || reserved(name)) giveWay.add(i);
    else owner.set(name, i);
  }

  // Someone may have called a name `U__a__b` from the start. It is forced then, too, and so on: the
  // loop also visits what it adds.
  for (const i of giveWay) {
    const other = owner.get(forced[i]!);
    if (other !== undefined) giveWay.add(other);
  }
  return giveWay;
}
