import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { A_MOMENT, parseMoment, secondsOf, spanText } from '../../src/inspect/moment.js';
import { ROOT } from '../support/paths.js';

/** From 01:50:00.5 to 02:20:00.25, local time. */
const END = new Date(2026, 2, 1, 2, 20).getTime() / 1000 + 0.25;
const SPAN = { fromSeconds: END - 1799.75, toSeconds: END };

describe('a moment of a recording', () => {
  const cases: [title: string, text: string, beforeEndSeconds: number][] = [
    ['a time of day', '02:10', 600.25],
    ['with seconds', '02:10:30', 570.25],
    ['without a leading zero', '2:10', 600.25],
    ['the minute in which it ends', '02:20', 0.25],
    ['before the end', '-15m', 900],
    ['in seconds, with a fraction', '-90.5s', 90.5],
    ['seconds since 1970', String(END - 60), 60],
    ['RFC 3339 of UTC', new Date((END - 60.25) * 1000).toISOString(), 60.25],
    ['RFC 3339 without an offset, of the local time zone', '2026-03-01T02:10:00', 600.25],
    ['RFC 3339 with a blank', '2026-03-01 02:10', 600.25],
  ];
  for (const [title, text, before] of cases) {
    it(`is ${title}`, () => {
      const seconds = secondsOf(parseMoment(text)!, SPAN, '--at');
      assert.ok(Math.abs(END - before - seconds) < 1e-3, `${seconds} is not ${END - before}`);
    });
  }

  it('is of the day before where that time was not reached yet', () => {
    const span = { fromSeconds: END - 86_400, toSeconds: END };
    const seconds = secondsOf(parseMoment('23:00')!, span, '--at');
    assert.equal(new Date(seconds * 1000).getHours(), 23);
    assert.ok(seconds < END && seconds > END - 86_400);
  });

  for (const text of ['', '25:00', '02:60', '15m', '-15', '-15x', 'now', '2026-03-01', '12345']) {
    it(`is not '${text}'`, () => assert.equal(parseMoment(text), undefined, A_MOMENT));
  }

  it('outside of what was recorded is refused with what there is, which is a moment itself', () => {
    const message = (text: string) => {
      try {
        secondsOf(parseMoment(text)!, SPAN, '--since');
      } catch (error) {
        return (error as Error).message;
      }
      return undefined;
    };
    assert.match(message('03:00')!, /^--since: expected a time from \S+ to \S+, got '03:00'$/);
    const [, from = '', to = ''] = /from (\S+) to (\S+),/.exec(message('-31m')!) ?? [];
    assert.equal(message(from), undefined);
    assert.equal(message(to), undefined);
    assert.equal(spanText(SPAN), `${from} to ${to}`);
  });

  it('is printed with the offset of the time zone, and read again', () => {
    const code = `import('${ROOT}/dist/src/inspect/moment.js').then((m) => {
      const text = m.isoText(1772331600.25);
      console.log(text, m.clockText(1772331600), m.parseMoment(text).seconds);
    })`;
    const printed = (zone: string) =>
      execFileSync(process.execPath, ['-e', code], {
        encoding: 'utf8',
        env: { ...process.env, TZ: zone },
      }).trim();
    assert.equal(printed('UTC'), '2026-03-01T02:20:00.250Z 02:20:00 1772331600.25');
    assert.equal(
      printed('America/St_Johns'),
      '2026-02-28T22:50:00.250-03:30 22:50:00 1772331600.25',
    );
  });
});
