/**
 * Files and entries that cannot be used, and two processes in one file.
 * `src/reference.md` K; client_python#823, client_python#1199.
 */
import type { ErrorCode } from '../../errors.js';
import { isUnusable } from '../../format/key.js';
import type { Reading } from '../reading.js';
import type { Evidence, Rule } from './finding.js';

const OF_OTHER_RULES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'FILE_NOT_REGULAR',
  'FILE_UNREADABLE',
  'LINK_TO_OTHER_OWNER',
]);

export const damagedFile: Rule = {
  code: 'DAMAGED_FILE',
  severity: 'error',
  title: 'damaged files',
  effect:
    'promfold leaves these files out; prometheus_client itself answers 500 to every scrape while they are there.',
  cure: 'Remove them once their process is gone; `promfold cat FILE` shows what is readable and the first wrong byte.',
  find: ({ reading }) => filesWith(reading, (code) => !OF_OTHER_RULES.has(code)),
};

export const unreadableFile: Rule = {
  code: 'UNREADABLE_FILE',
  severity: 'error',
  title: 'files that could not be read',
  effect: 'promfold leaves these files out. They may be undamaged: their content was not read.',
  cure: 'If permission is denied, run promfold as their owner, or change their mode. Keep the files: their processes still write to them.',
  find: ({ reading }) => filesWith(reading, (code) => code === 'FILE_UNREADABLE'),
};

export const unusableEntry: Rule = {
  code: 'UNUSABLE_ENTRY',
  severity: 'error',
  title: 'entries whose key cannot be used',
  effect: 'promfold leaves these entries out; prometheus_client answers 500 for each of them.',
  cure: 'Find the second process that writes the file: overwritten keys are the usual cause. Then remove the file.',
  *find(subject) {
    for (const { file, entry } of subject.flawed()) {
      const { key, offset } = entry;
      if (!isUnusable(key)) continue;
      yield { text: located(file.name, key.found, offset), file: file.name };
    }
    for (const { name: family, unusable } of subject.families) {
      for (const place of unusable) {
        const { file, entry } = subject.contributionAt(place);
        const found = `bucket of ${family} whose le is not a number`;
        yield { text: located(file.name, found, entry.offset), file: file.name, family };
      }
    }
  },
};

export const repairedText: Rule = {
  code: 'REPAIRED_TEXT',
  severity: 'warning',
  title: 'texts that had to be repaired',
  effect:
    'promfold repairs and serves them; prometheus_client answers 500 for a help that is not text and for half a surrogate pair.',
  cure: 'Fix the text in the application: a help of None, or a label value made of bytes that are not UTF-8.',
  *find(subject) {
    for (const { file, entry } of subject.flawed()) {
      const { key, offset } = entry;
      if (isUnusable(key)) continue;
      const { repaired, family } = key;
      yield {
        text: located(file.name, `${repaired} (${family})`, offset),
        file: file.name,
        family,
      };
    }
  },
};

export const unrecognisedFile: Rule = {
  code: 'FOREIGN_FILE',
  severity: 'warning',
  title: 'files that are not metric files',
  effect:
    'promfold does not open them; prometheus_client reads every file that ends in .db, and fails on them.',
  cure: 'Give the metrics a directory of their own.',
  *find({ reading }) {
    for (const { name, fileName, fault } of reading.files) {
      if (fileName === undefined) yield { text: `${name}: no client writes this name`, file: name };
      else if (fault?.code === 'FILE_NOT_REGULAR') {
        yield { text: located(name, fault.found, fault.offset, fault.code), file: name };
      }
    }
  },
};

export const linkToOtherOwner: Rule = {
  code: 'LINK_TO_OTHER_OWNER',
  severity: 'error',
  title: 'links that lead to files of another user',
  effect:
    'promfold does not follow them: a user who can write to the directory could expose files that only promfold can read.',
  cure: 'Put the files themselves into the directory, or make one user the owner of directory, link and file.',
  *find({ reading }) {
    for (const { name, fault } of reading.files) {
      if (fault?.code !== 'LINK_TO_OTHER_OWNER') continue;
      yield { text: located(name, fault.found), file: name };
    }
  },
};

export const twoWriters: Rule = {
  code: 'TWO_WRITERS',
  severity: 'error',
  title: 'two processes write one file',
  effect:
    'Each overwrites what the other stored: values go back, keys are damaged, and in the end the file is unreadable.',
  cure: 'Give each container a directory of its own, or each process an id of its own (MultiProcessValue(process_identifier=…)).',
  *find({ reading }) {
    for (const { processId, pid, otherPids = [] } of reading.writers.values()) {
      if (otherPids.length === 0) continue;
      const pids = [pid, ...otherPids].join(', ');
      yield { text: `files of ${processId} are written by pids ${pids}`, processId };
    }
  },
};

/** Metric files by the code of their fault. */
function* filesWith(
  { files }: Reading,
  isMeant: (code: ErrorCode) => boolean,
): IterableIterator<Evidence> {
  for (const { name, fileName, fault } of files) {
    if (fault === undefined || fileName === undefined || !isMeant(fault.code)) continue;
    yield { text: located(name, fault.found, fault.offset, fault.code), file: name };
  }
}

function located(name: string, found: string, offset?: number, code?: string): Evidence['text'] {
  const at = offset === undefined ? '' : ` at byte ${offset}`;
  return `${name}: ${found}${at}${code === undefined ? '' : ` [${code}]`}`;
}
