import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ESCAPINGS, FORMATS } from '../../src/expose/dialect.js';
import { dialectFor } from '../../src/expose/formats.js';
import { acceptsGzip, negotiate } from '../../src/expose/negotiate.js';

const TEXT = dialectFor('text');
const TEXT_1 = dialectFor('text-1.0.0', 'underscores');
const OPENMETRICS = dialectFor('openmetrics');
const OPENMETRICS_1 = dialectFor('openmetrics', 'underscores');

describe('a dialect', () => {
  const cases: [string, ReturnType<typeof dialectFor>, string, string][] = [
    [
      'of text 0.0.4 knows no escaping',
      dialectFor('text', 'dots'),
      'underscores',
      'text/plain; version=0.0.4; charset=utf-8',
    ],
    [
      'of text 1.0.0 names its escaping',
      dialectFor('text-1.0.0', 'dots'),
      'dots',
      'text/plain; version=1.0.0; charset=utf-8; escaping=dots',
    ],
    [
      'of text 1.0.0 is in underscores by default',
      dialectFor('text-1.0.0'),
      'underscores',
      'text/plain; version=1.0.0; charset=utf-8; escaping=underscores',
    ],
    [
      'of OpenMetrics names its escaping where it was asked for',
      dialectFor('openmetrics', 'values'),
      'values',
      'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=values',
    ],
    [
      'of OpenMetrics is in underscores by default, and does not say so',
      dialectFor('openmetrics'),
      'underscores',
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    ],
  ];
  for (const [title, dialect, escaping, contentType] of cases) {
    it(title, () => {
      assert.equal(dialect.escaping, escaping);
      assert.equal(dialect.contentType, contentType);
    });
  }
});

describe('a client gets', () => {
  const cases: [string, string | undefined, ReturnType<typeof negotiate>][] = [
    ['text 0.0.4 without a header', undefined, TEXT],
    ['text 0.0.4 with an empty header', '', TEXT],
    ['text 0.0.4 for anything', '*/*', TEXT],
    ['text 0.0.4 for any text', 'text/*', TEXT],
    ['text 0.0.4 for plain text', 'text/plain', TEXT],
    [
      'text 0.0.4 as a browser',
      'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8',
      TEXT,
    ],
    ['text 0.0.4 for what we do not have', 'application/json', TEXT],
    [
      'text 0.0.4 for protobuf',
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
      TEXT,
    ],
    ['text 0.0.4 for its version', 'text/plain;version=0.0.4;escaping=allow-utf-8', TEXT],
    ['text 0.0.4 for a version that is none', 'text/plain;version=1.x', TEXT],
    [
      'text 1.0.0 for its version',
      'text/plain;version=1.0.0;escaping=allow-utf-8',
      dialectFor('text-1.0.0', 'allow-utf-8'),
    ],
    ['text 1.0.0 in underscores where it names no escaping', 'text/plain;version=1.0.0', TEXT_1],
    ['OpenMetrics for its type', 'application/openmetrics-text', OPENMETRICS],
    [
      'OpenMetrics in underscores without a version, whatever the escaping',
      'application/openmetrics-text;escaping=dots',
      OPENMETRICS,
    ],
    ['OpenMetrics for any application type', 'application/*', OPENMETRICS],
    [
      'OpenMetrics in the escaping it names',
      'application/openmetrics-text;version=1.0.0;escaping=dots',
      dialectFor('openmetrics', 'dots'),
    ],
    [
      'OpenMetrics in underscores where it names none',
      'application/openmetrics-text;version=1.0.0',
      OPENMETRICS_1,
    ],
    [
      'OpenMetrics in underscores where it names an unknown one',
      'application/openmetrics-text;version=1.0.0;escaping=Dots',
      OPENMETRICS_1,
    ],
    [
      'OpenMetrics for a quoted version',
      'application/openmetrics-text; version="1.0.0"; escaping="values"',
      dialectFor('openmetrics', 'values'),
    ],
    [
      'OpenMetrics in any case of letters, with blanks anywhere',
      'Application/OpenMetrics-Text ; VERSION = 1.0.0 ; Escaping = dots',
      dialectFor('openmetrics', 'dots'),
    ],
    [
      'OpenMetrics 1.0.0 for a later version',
      'application/openmetrics-text;version=2.0.0-rc1;escaping=dots',
      dialectFor('openmetrics', 'dots'),
    ],
    ['OpenMetrics 1.0.0 for version 2', 'application/openmetrics-text;version=2', OPENMETRICS_1],
    [
      'the next one when OpenMetrics is too old',
      'application/openmetrics-text;version=0.0.1,text/plain;version=1.0.0;q=0.5',
      TEXT_1,
    ],
    [
      'the next one when its version has too few parts',
      'application/openmetrics-text;version=1.0,text/plain;version=1.0.0;q=0.5',
      TEXT_1,
    ],
    [
      'the next one when its version is not a version',
      'application/openmetrics-text;version=1.x,text/plain;version=1.0.0;q=0.5',
      TEXT_1,
    ],
    [
      'what it likes best, not what comes first',
      'text/plain;q=0.2,application/openmetrics-text;q=0.8',
      OPENMETRICS,
    ],
    [
      'the first of what it likes equally',
      'text/plain;version=1.0.0,application/openmetrics-text',
      TEXT_1,
    ],
    [
      'nothing it refuses',
      'application/openmetrics-text;q=0,text/plain;version=1.0.0;q=0.1',
      TEXT_1,
    ],
    ['for anything, nothing it refuses', '*/*,text/plain;q=0', OPENMETRICS],
    ['text 0.0.4 when it refuses everything', '*/*;q=0', TEXT],
    [
      'OpenMetrics as Prometheus 3',
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,' +
        'application/openmetrics-text;version=0.0.1;q=0.5,' +
        'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,' +
        'text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      dialectFor('openmetrics', 'allow-utf-8'),
    ],
    [
      'OpenMetrics as Prometheus 2',
      'application/openmetrics-text;version=1.0.0;q=0.5,' +
        'application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      OPENMETRICS_1,
    ],
  ];
  for (const [title, accept, expected] of cases) {
    it(title, () => assert.deepEqual(negotiate(accept), expected));
  }

  it('a dialect, never an error', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'application/openmetrics-text',
        'text/plain',
        '*/*',
        ';version=',
        ';q=',
        '1.0.0',
        ',',
        '"',
        '\\',
      ),
    );
    const header = fc.array(piece).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(header, (accept) => {
        const { format, escaping } = negotiate(accept);
        assert.ok(FORMATS.includes(format) && ESCAPINGS.includes(escaping));
        assert.equal(typeof acceptsGzip(accept), 'boolean');
      }),
    );
  });
});

describe('gzip', () => {
  const cases: [string, string | undefined, boolean][] = [
    ['is accepted when named', 'gzip', true],
    ['is accepted among others', 'br, deflate;q=0.5, GZIP;q=0.1', true],
    ['is accepted by its old name', 'x-gzip', true],
    ['is accepted under one name when the other is refused', 'gzip;q=0, x-gzip', true],
    ['is accepted by a star', '*', true],
    ['is accepted when liked as much as plain', 'identity, gzip', true],
    ['is accepted when liked better than plain', 'gzip, identity;q=0.5', true],
    ['is accepted when plain is refused', 'gzip;q=0.1, identity;q=0', true],
    ['is not accepted without a header', undefined, false],
    ['is not accepted with an empty header', '', false],
    ['is not accepted when not named', 'br, deflate', false],
    ['is not accepted when refused', 'gzip;q=0', false],
    ['is not accepted when refused, whatever the star says', 'gzip;q=0, *', false],
    ['is not accepted by a star that refuses', '*;q=0', false],
    ['is not accepted when plain is liked better', 'gzip;q=0.5, identity', false],
    ['is not accepted by a word that only begins so', 'gzipped', false],
  ];
  for (const [title, acceptEncoding, expected] of cases) {
    it(title, () => assert.equal(acceptsGzip(acceptEncoding), expected));
  }
});
