import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openLog } from '../../src/cli/log.js';
import type { LogFormat, LogLevel } from '../../src/cli/log-choices.js';

function logged(level: LogLevel, format: LogFormat): string[] {
  const lines: string[] = [];
  const log = openLog(level, format, {}, { write: (line) => void lines.push(line) });
  log.debug('looking');
  log.info('listening', { address: '127.0.0.1:19925' });
  log.warn('bad file', { path: '/run/prom/a b.db' });
  return lines;
}

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/;

describe('the log', () => {
  it('writes logfmt, a line an event', () => {
    const lines = logged('info', 'logfmt').map((line) => line.replace(TIME, 'T'));
    assert.deepEqual(lines, [
      'time=T level=info msg=listening address=127.0.0.1:19925\n',
      'time=T level=warn msg="bad file" path="/run/prom/a b.db"\n',
    ]);
  });

  it('writes JSON', () => {
    const [line = ''] = logged('warn', 'json');
    const { time, ...rest } = JSON.parse(line);
    assert.match(time, TIME);
    assert.deepEqual(rest, { level: 'warn', msg: 'bad file', path: '/run/prom/a b.db' });
  });

  it('leaves out what is below its level', () => {
    assert.equal(logged('debug', 'json').length, 3);
    assert.equal(logged('error', 'json').length, 0);
  });
});
