/**
 * Which names must be renamed where escaping makes two of them equal.
 *
 * Prometheus drops a whole target for one repeated label name, so the first in code-point order of
 * the original keeps its spelling and the others are printed in forced `values` (`src/reference.md` H3,
 * N9): `a.b` and `a_b` are printed as `a_b` and `U__a__b`.
 */

/**
 * @param spelling the names as they would be printed, in code-point order of the originals
 * @param forced the same names in forced `values`, which differ wherever the originals do
 * @param reserved whether a spelling may not be used at all
 * @returns indexes of the names that must be forced
 */
export function namesToForce(
  spelling: readonly string[],
  forced: readonly string[],
  reserved: (spelling: string) => boolean = () => false,
): Set<number> {
  const mustForce = new Set<number>();
  const owner = new Map<string, number>();
  for (const [i, name] of spelling.entries()) {
    if (owner.has(name) || reserved(name)) mustForce.add(i);
    else owner.set(name, i);
  }

  // An application may have called another name `U__a__b`. That one is forced then, too, and so on: the
  // loop also visits what it adds.
  for (const i of mustForce) {
    const other = owner.get(forced[i]!);
    if (other !== undefined) mustForce.add(other);
  }
  return mustForce;
}
