/** Pages from elsewhere that would be too large as they are printed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_ODD_SERIES, MAX_PRINTED_BYTES } from '../../src/expose/external-print.js';
import { dialect } from '../support/dialect.js';
import { printPage, readPage } from '../support/external-page.js';

describe('a page that is too large to be printed', () => {
  it('grows beyond its bound where names are escaped', () => {
    const name = `n${'.'.repeat(1_000)}`;
    const page = readPage(
      Array.from({ length: 14_000 }, (_, i) => `{"${name}${i >> 10}",l="${i}"} 1\n`).join(''),
    );
    assert.ok(printPage(page, dialect('text-1.0.0', 'allow-utf-8')).length < 16e6);
    assert.throws(() => printPage(page, dialect('text-1.0.0', 'dots')), {
      message: `more than ${MAX_PRINTED_BYTES} bytes in this format`,
    });
  });

  it('has more series to be compared than there may be', () => {
    const page = (count: number) =>
      readPage(Array.from({ length: count }, (_, i) => `x{"a.b"="${i}"} 1\n`).join(''));
    printPage(page(MAX_ODD_SERIES));
    const beyond = page(MAX_ODD_SERIES + 1);
    printPage(beyond, dialect('openmetrics', 'allow-utf-8'));
    assert.throws(() => printPage(beyond), {
      message: /^more than 50000 series or 8388608 bytes of x with names to be escaped$/,
    });
  });
});
