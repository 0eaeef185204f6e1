/**
 * Why writers ended, as far as evidence goes. promfold is not their parent, so it sees no exit code and no signal: only who
 * was there, who is not there any more, and who began.
 *
 *   rollout   all writers of the directory ended together (two at least), or all of a role, and others of that role began
 *   replaced  another one of the role began within seconds: after max_requests, or after a crash that a master noticed
 *   vanished  none of that: it ended, and none followed
 *
 * So a crash after which a master starts another worker at once is `replaced`, and one that ends all processes at once, as when a container is out
 * of memory, is `rollout`. A worker that is not needed any more, and the only writer of a service that is stopped, are
 * `vanished`. The topic `recording` says so.
 */
import type { Writer } from '../processes/writer.js';

export const END_REASONS = ['vanished', 'replaced', 'rollout'] as const;
export type EndReason = (typeof END_REASONS)[number];

/** Why an incident is saved: the end of a writer, or one that does not end, and does nothing. */
export const INCIDENT_REASONS = [...END_REASONS, 'stalled'] as const;
export type IncidentReason = (typeof INCIDENT_REASONS)[number];

/** A writer that was alive. */
export interface SeenWriter extends Pick<Writer, 'processId' | 'role' | 'program'> {
  readonly pid: number;
  /** When it started; where that is not known, when it was first seen. */
  readonly startSeconds: number;
  /** The last time at which it was alive. */
  readonly lastSeenSeconds: number;
}

/** What is known of ends that were close to each other. */
export interface Ends {
  /** All that were alive before the first end, but for those that began. */
  readonly before: readonly SeenWriter[];
  /** Some may be of those that began: a crash loop. */
  readonly ended: readonly SeenWriter[];
  readonly began: readonly SeenWriter[];
}

/** One that takes the place of another may start before that has ended, as when a master reloads, or after it. */
export const SUCCESSOR_SECONDS = 10;

/** By pid, of all that ended. */
export function judgeEnds({ before, ended, began }: Ends): Map<number, EndReason> {
  const endedPids = new Set(ended.map(({ pid }) => pid));
  const areAllGone = (writers: readonly SeenWriter[]) =>
    writers.length > 1 && writers.every(({ pid }) => endedPids.has(pid));
  if (areAllGone(before)) return new Map(ended.map(({ pid }) => [pid, 'rollout']));

  const reasons = new Map<number, EndReason>();
  for (const [group, members] of byGroup(ended)) {
    const followers = byGroup(began).get(group) ?? [];
    const isRollout = followers.length > 0 && areAllGone(byGroup(before).get(group) ?? []);
    const replaced = isRollout ? new Set<number>() : replacedOf(members, followers);
    for (const { pid } of members) {
      reasons.set(pid, isRollout ? 'rollout' : replaced.has(pid) ? 'replaced' : 'vanished');
    }
  }
  return reasons;
}

/** Each one that began takes the place of one that ended at most. */
function replacedOf(
  ended: readonly SeenWriter[],
  followers: readonly SeenWriter[],
): ReadonlySet<number> {
  const free = followers.toSorted((a, b) => a.startSeconds - b.startSeconds);
  const replaced = new Set<number>();
  for (const writer of ended.toSorted((a, b) => a.lastSeenSeconds - b.lastSeenSeconds)) {
    const i = free.findIndex((follower) => follows(follower, writer));
    if (i === -1) continue;
    free.splice(i, 1);
    replaced.add(writer.pid);
  }
  return replaced;
}

function follows(follower: SeenWriter, writer: SeenWriter): boolean {
  return (
    follower.pid !== writer.pid &&
    follower.startSeconds >= writer.startSeconds &&
    follower.startSeconds >= writer.lastSeenSeconds - SUCCESSOR_SECONDS
  );
}

function byGroup(writers: readonly SeenWriter[]): Map<string, SeenWriter[]> {
  const groups = new Map<string, SeenWriter[]>();
  for (const writer of writers) {
    const group = groups.get(groupOf(writer));
    if (group === undefined) groups.set(groupOf(writer), [writer]);
    else group.push(writer);
  }
  return groups;
}

/** Its role without a number at the end: `VLLM::APIServer_0` and `VLLM::APIServer_1` are one group. */
function groupOf({ role, program }: SeenWriter): string {
  return (role ?? program ?? '').replace(/\W?_?\d+(?=\]?$)/, '');
}

/** When the first of them was last seen. */
export function firstSeconds(ended: readonly { readonly lastSeenSeconds: number }[]): number {
  return ended.reduce(
    (first, { lastSeenSeconds }) => Math.min(first, lastSeenSeconds),
    Number.POSITIVE_INFINITY,
  );
}
