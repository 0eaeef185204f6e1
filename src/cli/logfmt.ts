/**
 * One log line as logfmt, the exporters' default: `time=… level=info msg="listening" address=…`.
 *
 * Source of the quoting: Go log/slog, text_handler.go, needsQuoting.
 */
import { printable } from './printable.js';

/** These come first, in this order; the rest as given. */
const FIRST = ['logger', 'time', 'level', 'msg'];

export function logfmt(fields: Readonly<Record<string, unknown>>): string {
  const names = [
    ...FIRST.filter((name) => name in fields),
    ...Object.keys(fields).filter((name) => !FIRST.includes(name)),
  ];
  return names.map((name) => `${logfmtName(name)}=${logfmtValue(fields[name])}`).join(' ');
}

function logfmtName(name: string): string {
  return printable(name).replace(/[\s="\\]/g, '_') || '_';
}

function logfmtValue(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null');
  const needsQuotes = text === '' || /[\s="]/.test(text) || printable(text) !== text;
  return needsQuotes ? `"${printable(text.replace(/["\\]/g, '\\$&'))}"` : text;
}
