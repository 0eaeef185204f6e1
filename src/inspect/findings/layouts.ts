/** Files of older clients, and of several at once. `src/reference.md` A7, A8; client_python#996. */
import { type ClientAge, clientOf, distinctClients } from '../processes.js';
import { counted } from '../quantity.js';
import type { Rule } from './finding.js';
import type { Subject } from './subject.js';

export const mixedLayouts: Rule = {
  code: 'MIXED_LAYOUTS',
  severity: 'warning',
  title: 'files of several versions of prometheus_client',
  effect:
    'promfold reads them all; prometheus_client reads only its own file format and fails on the first other file.',
  cure: 'Wipe the directory when the application is upgraded.',
  *find(subject) {
    const clients = filesByClient(subject);
    if (distinctClients(clients.keys()).length < 2) return;
    for (const [client, names] of clients) {
      yield {
        text: `prometheus_client ${client}: ${counted(names.length, 'file')}, such as ${names[0]}`,
        file: names[0]!,
      };
    }
  },
};

export const oldClient: Rule = {
  code: 'OLD_CLIENT',
  severity: 'info',
  title: 'files of an old prometheus_client',
  effect:
    'Before 0.18.0 gauges have no timestamps, so there is no mode mostrecent, and the age of a value is unknown.',
  cure: 'Upgrade prometheus_client to 0.18.0 or later, with an empty directory.',
  *find(subject) {
    for (const [client, names] of filesByClient(subject)) {
      if (client === '0.18+') continue;
      yield {
        text: `prometheus_client ${client}: ${counted(names.length, 'file')}, such as ${names[0]}`,
        file: names[0]!,
      };
    }
  },
};

function filesByClient({ reading }: Subject): Map<ClientAge, string[]> {
  const clients = new Map<ClientAge, string[]>();
  for (const file of reading.files) {
    const client = file.fault === undefined ? clientOf(file) : undefined;
    if (client === undefined) continue;
    const names = clients.get(client);
    if (names === undefined) clients.set(client, [file.name]);
    else names.push(file.name);
  }
  return clients;
}
