/** Many small reads of /proc, some at a time: enough to keep several threads busy, even if one of them hangs. */
const CONCURRENCY = 16;

export async function forEachConcurrently<T>(
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < items.length) await act(items[next++]!);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}
