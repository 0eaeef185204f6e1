/** Finds the names that a misspelt one may stand for. */

/** @returns nearest first; empty if none is near */
export function nearest(wanted: string, names: Iterable<string>, max = 5): string[] {
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  return [...new Set(names)]
    .map((name) => ({ name, distance: nearness(name, wanted) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || a.name.length - b.name.length)
    .slice(0, max)
    .map(({ name }) => name);
}

/** Edit distance; a name that contains the other counts as near. */
function nearness(name: string, wanted: string): number {
  const a = name.toLowerCase();
  const b = wanted.toLowerCase();
  if (b.length >= 3 && a.includes(b)) return 1;
  if (a.length >= 3 && b.includes(a)) return 2;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
