/**
 * Processes that should write here but do not: the variable is unset, empty, in lower case, or set too late.
 *
 * All rules but the vLLM one apply to this machine only, never to a snapshot. `src/reference.md` A9; vllm#7279,
 * client_python#565 (set too late).
 */
import { isApiServer } from '../../processes/metric-processes.js';
import type { Rule } from './finding.js';
import type { HostFacts, Subject } from './subject.js';

type Process = HostFacts['processes'][number];

export const variableUnset: Rule = {
  code: 'VARIABLE_UNSET',
  severity: 'warning',
  title: 'API servers without PROMETHEUS_MULTIPROC_DIR',
  effect:
    'Their metrics stay in the process: a scrape of the application sees one of the servers, and this directory has none of them.',
  cure: 'Export PROMETHEUS_MULTIPROC_DIR in the shell or unit that starts the application.',
  *find({ hostFacts }) {
    for (const process of hostFacts?.processes ?? []) {
      const { role, variable, oldVariable, writesTo } = process;
      const isSet = variable !== undefined || oldVariable !== undefined || writesTo.length > 0;
      if (isApiServer(role) && !isSet) yield { text: named(process) };
    }
  },
};

export const variableEmpty: Rule = {
  code: 'VARIABLE_EMPTY',
  severity: 'warning',
  title: 'PROMETHEUS_MULTIPROC_DIR is set and empty',
  effect:
    'The client switches to multiprocess mode and writes into the working directory, where no reader finds its files.',
  cure: 'Set the variable to a directory, or unset it.',
  *find({ hostFacts }) {
    for (const process of hostFacts?.processes ?? []) {
      if (process.variable === '') yield { text: `${named(process)}${whereItWrites(process)}` };
    }
  },
};

export const variableLowerCase: Rule = {
  code: 'VARIABLE_LOWER_CASE',
  severity: 'warning',
  title: 'only the old prometheus_multiproc_dir is set',
  effect:
    'prometheus_client 0.10.0 ignores it; later versions warn at each start and will drop it.',
  cure: 'Set PROMETHEUS_MULTIPROC_DIR.',
  *find({ hostFacts }) {
    for (const process of hostFacts?.processes ?? []) {
      const { oldVariable, variable, namesThis } = process;
      if (oldVariable !== undefined && variable === undefined && namesThis) {
        yield { text: `${named(process)}: prometheus_multiproc_dir=${oldVariable}` };
      }
    }
  },
};

export const writesElsewhere: Rule = {
  code: 'WRITES_ELSEWHERE',
  severity: 'warning',
  title: 'processes whose metric files are elsewhere',
  effect:
    'Their values are missing here. Their environment names this directory, or this one has no metric files and they write to another.',
  cure: 'Set the variable before Python imports prometheus_client, to the same absolute path in all processes.',
  *find({ hostFacts, reading }) {
    const isEmpty = reading.files.every(({ fileName }) => fileName === undefined);
    for (const process of hostFacts?.processes ?? []) {
      if (isElsewhere(process) && (process.namesThis || isEmpty)) {
        yield { text: `${named(process)}${whereItWrites(process)}` };
      }
    }
  },
};

export const noWriter: Rule = {
  code: 'NOBODY_WRITES',
  severity: 'info',
  title: 'no process writes here, but others write elsewhere',
  effect: 'The numbers do not change. The directory may be that of an earlier start.',
  cure: 'Use the directory that is written to, or start the application with this one.',
  *find({ hostFacts, reading }) {
    const isQuiet = ![...reading.writers.values()].some(({ liveness }) => liveness === 'alive');
    if (!isQuiet || reading.writers.size === 0) return;
    for (const process of hostFacts?.processes ?? []) {
      if (isElsewhere(process) && !process.namesThis) {
        yield { text: `${named(process)}${whereItWrites(process)}` };
      }
    }
  },
};

export const variableTooLate: Rule = {
  code: 'VARIABLE_TOO_LATE',
  severity: 'warning',
  title: 'API servers that name this directory but write no files',
  effect:
    'prometheus_client decides at import whether it writes files: the variable was set later, so the metrics stay in the process.',
  cure: 'Export PROMETHEUS_MULTIPROC_DIR before the application starts, not inside it.',
  *find({ hostFacts }) {
    for (const process of hostFacts?.processes ?? []) {
      if (isApiServer(process.role) && process.namesThis && process.writesTo.length === 0) {
        yield { text: named(process) };
      }
    }
  },
};

export const noVllmFamily: Rule = {
  code: 'NO_VLLM_FAMILY',
  severity: 'warning',
  title: 'vLLM runs, but the directory has no vllm: family',
  effect: 'The metrics of vLLM are not here: it writes elsewhere, or keeps them in the process.',
  cure: 'Start vLLM with PROMETHEUS_MULTIPROC_DIR in its environment, or with --api-server-count above 1 and read the directory it makes (/tmp/tmp…).',
  *find(subject: Subject) {
    const here = [...subject.reading.writers.values()].filter(({ role }) => isVllm(role));
    const running = subject.hostFacts?.processes.filter(({ role }) => isVllm(role)) ?? [];
    if (here.length === 0 && running.length === 0) return;
    for (const { name } of subject.families) if (name.startsWith('vllm:')) return;
    const [example] = [...here.map(({ role, pid }) => ({ role, pid })), ...running];
    yield { text: `${example!.role} (pid ${example!.pid}) runs` };
  },
};

function isVllm(role: string | undefined): boolean {
  return role?.startsWith('VLLM::') === true;
}

function isElsewhere({ writesHere, writesTo }: Process): boolean {
  return !writesHere && writesTo.length > 0;
}

function named({ pid, role, program }: Process): string {
  return `pid ${pid} (${role ?? program ?? 'unknown program'})`;
}

function whereItWrites({ writesTo }: Process): string {
  return writesTo.length === 0 ? '' : ` writes to ${writesTo.join(', ')}`;
}
