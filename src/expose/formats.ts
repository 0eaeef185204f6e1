/**
 * The exposition formats, one row each: everything in which they differ. For a new format, add a row here and its name
 * in dialect.ts.
 *
 * Source: https://prometheus.io/docs/instrumenting/content_negotiation/; exposition.py, choose_encoder.
 */
import { type Dialect, ESCAPINGS, type Escaping, FORMATS, type Format } from './dialect.js';
import type { ExposedFamily, FamilyBlock, FamilyHead } from './family.js';
import { openMetricsFamilyName, textFamilyName } from './family-name.js';
import { openMetricsBlocks, openMetricsHeader } from './openmetrics.js';
import { OWN_BLOCK_SUFFIXES, textBlocks, textHeader } from './text.js';

export interface ExpositionFormat {
  readonly mediaType: string;
  readonly version: string;
  /** Whether the format answers its media type with this version. Of several formats the first in FORMAT answers. */
  readonly answers: (version: string | undefined) => boolean;
  /** The escapings it can be in; the first is the default. */
  readonly escapings: readonly Escaping[];
  /** Whether the Content-Type names the escaping. */
  readonly namesEscaping: 'always' | 'when asked for' | 'never';
  /** The name a family has in its HELP and TYPE lines, before escaping. */
  readonly familyName: (family: Pick<ExposedFamily, 'name' | 'type' | 'keepsRawName'>) => string;
  /** The suffixes that the blocks of a family can have, in order. */
  readonly blockSuffixes: readonly string[];
  readonly blocks: (dialect: Dialect, family: ExposedFamily, renamed: boolean) => FamilyBlock[];
  /** The header of the block with this suffix. */
  readonly header: (
    dialect: Dialect,
    family: FamilyHead,
    renamed: boolean,
    suffix: string,
  ) => string;
  /** The unit of timestamps: 1000 for milliseconds. */
  readonly unitsPerSecond: number;
  /** What follows the families. */
  readonly trailer: string;
}

const TEXT = {
  mediaType: 'text/plain',
  familyName: textFamilyName,
  blockSuffixes: ['', ...OWN_BLOCK_SUFFIXES],
  blocks: textBlocks,
  header: textHeader,
  unitsPerSecond: 1000,
  trailer: '',
} as const;

const is1OrLater = (version: string | undefined) =>
  version !== undefined && isAtLeast(version, [1, 0, 0]);

/** In the order in which they are tried for a media type. */
export const FORMAT: Readonly<Record<Format, ExpositionFormat>> = {
  'text-1.0.0': {
    ...TEXT,
    version: '1.0.0',
    answers: is1OrLater,
    escapings: ESCAPINGS,
    namesEscaping: 'always',
  },
  text: {
    ...TEXT,
    version: '0.0.4',
    answers: () => true,
    escapings: ['underscores'],
    namesEscaping: 'never',
  },
  openmetrics: {
    mediaType: 'application/openmetrics-text',
    version: '1.0.0',
    answers: (version) => version === undefined || is1OrLater(version),
    escapings: ESCAPINGS,
    namesEscaping: 'when asked for',
    familyName: openMetricsFamilyName,
    blockSuffixes: [''],
    blocks: openMetricsBlocks,
    header: openMetricsHeader,
    unitsPerSecond: 1,
    trailer: '# EOF\n',
  },
};

/** Formats in which a client can choose an escaping. */
export const ESCAPABLE: readonly Format[] = FORMATS.filter(
  (format) => FORMAT[format].escapings.length > 1,
);

/** @param escaping the format's default where it is left out, or the format does not have it */
export function dialectFor(format: Format, escaping?: Escaping): Dialect {
  const { mediaType, version, escapings, namesEscaping } = FORMAT[format];
  const scheme = escapings.find((known) => known === escaping) ?? escapings[0]!;
  const isNamed =
    namesEscaping === 'always' || (namesEscaping === 'when asked for' && escaping !== undefined);
  const parameters = isNamed ? `; escaping=${scheme}` : '';
  return {
    format,
    escaping: scheme,
    contentType: `${mediaType}; version=${version}; charset=utf-8${parameters}`,
  };
}

/** The format that answers a media type; undefined where none has the type, or none answers the version. */
export function formatOf(mediaType: string, version: string | undefined): Format | undefined {
  const formats = Object.entries(FORMAT) as [Format, ExpositionFormat][];
  return formats.find(([, row]) => row.mediaType === mediaType && row.answers(version))?.[0];
}

/**
 * Compared as Python compares tuples: `2` is at least 1.0.0, `1` and `1.0` are not, and what follows the part that
 * decides does not matter.
 */
function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split('.');
  for (const [i, wanted] of least.entries()) {
    const part = parts[i];
    if (part === undefined || !/^\d+$/.test(part)) return false;
    if (Number(part) !== wanted) return Number(part) > wanted;
  }
  return true;
}
