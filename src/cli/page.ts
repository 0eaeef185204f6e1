/** `page`: the page of a recording, on loopback, until Ctrl-C. */
import { once } from 'node:events';
import { UsageError } from '../errors.js';
import { inputText, openInput } from '../inspect/input.js';
import { isoText } from '../inspect/moment.js';
import { RecordedPast } from '../inspect/recorded-reading.js';
import { isUrl } from '../inspect/remote.js';
import { listen } from '../serve/listen.js';
import type { Command, Terminal } from './command.js';
import { systemErrorText } from './system-error.js';
import { VERSION } from './version.js';

const GRACE_MILLISECONDS = 1_000;

export const page: Command<'port'> = {
  name: 'page',
  summary: 'Serve the page of a recording on this machine, for a browser.',
  details: [
    'RECORDING is a file, such as an incident, or a folder of --recorder.dir. A running promfold serves the page itself, at /.',
  ],
  positionals: ['RECORDING'],
  flags: ['port'],
  exitCodes: [['0', 'SIGTERM or SIGINT stopped it']],
  topic: 'page',
  examples: ['page prom.rec', 'page --port 8000 /var/lib/promfold'],

  async run({ positionals: [path], flags: { port } }, terminal) {
    if (path === undefined) throw new UsageError('RECORDING is missing');
    if (isUrl(path)) {
      throw new UsageError(`${path}: expected a recording, got a URL: open it in a browser`);
    }
    const input = await openInput(path, true);
    if (input.kind !== 'recording') {
      throw new UsageError(`${path}: expected a recording, got ${inputText(input)}`);
    }
    const past = new RecordedPast(path, await input.open());
    for (const note of past.notes) terminal.complain(`promfold: ${note}`);
    const stop = terminal.stopSignal();
    // Half of the code to load, and few commands need it.
    const { recordingServer } = await import('../serve/recording-server.js');
    const { server, close } = recordingServer(past, { version: VERSION, log: logTo(terminal) });
    const host = '127.0.0.1';
    const address = { host, port, text: `${host}:${port}` };
    const listener = await listen(server, address).catch((error: unknown) => {
      throw new UsageError(`--port: ${address.text}: ${systemErrorText(error)}`);
    });
    try {
      const { fromSeconds, toSeconds } = past.span;
      const span = `${isoText(Math.floor(fromSeconds))} to ${isoText(Math.ceil(toSeconds))}`;
      await terminal.print(`http://${listener.addresses[0]}/\n`);
      terminal.complain(`${path}, ${span}, until Ctrl-C`);
      if (!stop.aborted) await once(stop, 'abort');
      return 0;
    } finally {
      await listener.stop(GRACE_MILLISECONDS);
      close();
    }
  },
};

function logTo({ complain }: Terminal) {
  return {
    debug: () => {},
    warn: () => {},
    error: (message: string, fields: Readonly<Record<string, unknown>>) =>
      complain(`promfold: ${message}: ${fields.error}`),
  };
}
