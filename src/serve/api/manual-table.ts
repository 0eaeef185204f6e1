/** The parameters of the API as tables of the topic `daemons`, in Markdown. */
import { API_ROOT, type ApiEndpoint } from './api-endpoint.js';
import { INSTANT, PAGING } from './parameters.js';
import type { Schema } from './schema.js';
import { API } from './table.js';

/** What each path takes; those that every view takes are left out. */
export function apiTable(): string {
  const rows = API.filter(hasOwn).map(
    ({ path, parameters }) =>
      `| \`${API_ROOT}${path}\` | ${ownOf(parameters).map(shown).join(', ')} |`,
  );
  return ['| path | parameters |', '|---|---|', ...rows].join('\n');
}

type NamedParameter = readonly [name: string, ApiEndpoint['parameters'][string]];

function ownOf(parameters: ApiEndpoint['parameters']): NamedParameter[] {
  return Object.entries(parameters).filter(
    ([name, { isInPath }]) => !isInPath && !Object.hasOwn(INSTANT, name),
  );
}

function hasOwn({ parameters }: ApiEndpoint): boolean {
  return ownOf(parameters).length > 0;
}

function shown([name, parameter]: NamedParameter): string {
  const { schema, isRequired } = parameter;
  // The text below the table has its numbers.
  const values = parameter === PAGING.limit ? '' : valuesIn(schema);
  return `\`${name}\`${isRequired ? ' (required)' : ''}${values === '' ? '' : ` (${values})`}`;
}

function valuesIn({ enum: texts, default: fallback, maximum }: Schema): string {
  if (Array.isArray(texts)) {
    const columns = (texts as string[]).filter((text) => !text.startsWith('-'));
    return columns.map((text) => `\`${text}\``).join(', ');
  }
  if (fallback === undefined || fallback === 0) return '';
  return `${fallback}; ${maximum} at most`;
}
