/**
 * The last resort of an exit: Node joins its threads before it ends, and one that waits for a file system that
 * hangs is never joined. The addon can end the process all the same; it may not be loaded, and then nothing hangs.
 */
type ExitWithin = (milliseconds: number, code: number) => void;

let exitWithinNative: ExitWithin | undefined;

/** Called by native.ts. */
export function onLastResort(exitWithin: ExitWithin): void {
  exitWithinNative = exitWithin;
}

/** The process ends with this code at the latest then, whatever hangs; what is not written by then is lost. */
export function exitWithin(milliseconds: number, code: number): void {
  exitWithinNative?.(milliseconds, code);
}
