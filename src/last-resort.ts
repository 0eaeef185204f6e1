/**
 * How the process ends when a thread hangs. Node joins its threads before it exits, and one that waits for a file system
 * that hangs never ends. The addon can end the process all the same. Where it is not loaded, no thread hangs.
 */
type ExitWithin = (milliseconds: number, code: number) => void;

let exitWithinNative: ExitWithin | undefined;

/** Called by native.ts. */
export function onLastResort(exitWithin: ExitWithin): void {
  exitWithinNative = exitWithin;
}

/** Ends the process with this code after this time at the latest, whatever hangs. Output not written by then is lost. */
export function exitWithin(milliseconds: number, code: number): void {
  exitWithinNative?.(milliseconds, code);
}
