/** Numbers as a person reads them: bytes, ages, counts, rates. */

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `0 B`, `512 B`, `64 KiB`, `1.5 MiB`: three digits at most before the unit, one after the point below ten. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let left = bytes;
  // What would be printed as 1024 is one of the next unit.
  while (left >= 1023.5 && unit < BYTE_UNITS.length - 1) {
    left /= 1024;
    unit++;
  }
  const text = left.toFixed(unit > 0 && left < 9.95 ? 1 : 0);
  return `${text.replace(/\.0$/, '')} ${BYTE_UNITS[unit]}`;
}

/** For a column: `512B`, `64K`, `1.5M`. */
export function shortBytes(bytes: number): string {
  return formatBytes(bytes).replace(/ (.)(?:iB)?$/, '$1');
}

/** `0 s`, `45 s`, `12 m`, `3 h 5 m`, `4 d`: rounded down, two units at most. A negative age is `0 s`. */
export function formatAge(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 10) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} m`;
  if (hours < 48) return `${hours} h`;
  return `${Math.floor(hours / 24)} d`;
}

/** For a column: `45s`, `12m`, `3h5m`, `4d`. */
export function shortAge(seconds: number): string {
  return formatAge(seconds).replaceAll(' ', '');
}

/** `1,234,567`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 file`, `2 files`, `1 process`, `2 processes`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Per second, three digits: `0`, `0.25`, `12.5`, `1,250`. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return '0';
  const size = Math.abs(perSecond);
  if (size >= 99.95) return formatCount(Math.round(perSecond));
  const text = perSecond.toFixed(size >= 9.995 ? 1 : 2);
  return Number(text) === 0 ? '<0.01' : text;
}
