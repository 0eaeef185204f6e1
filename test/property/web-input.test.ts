/** Whatever a command line or a client says: it is read as something or refused in words, never a bug. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { dispatch } from '../../src/cli/dispatch.js';
import { flagValues } from '../../src/cli/flag-values.js';
import { FLAGS, type FlagKey } from '../../src/cli/flags.js';
import type { Output } from '../../src/cli/stdout.js';
import { MetricFileError, UsageError } from '../../src/errors.js';
import { Selector } from '../../src/inspect/selector.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { deadlineSeconds } from '../../src/serve/deadline.js';
import { parseListenAddress } from '../../src/serve/listen-address.js';
import { RequestLimit } from '../../src/serve/request-limit.js';
import { buildServer } from '../../src/serve/server.js';
import { faultsOf } from '../support/exposition.js';
import { counter, fileBytes, gauge } from '../support/metric-file.js';
import { seed } from '../support/random.js';
import { tempDirectory } from '../support/temp.js';

const check = { seed: seed() };
const told = `seed ${check.seed}`;
const text = fc.string({ unit: 'binary', maxLength: 40 });
/** Texts that come near what is meant. */
const near = (...parts: string[]) =>
  fc.array(fc.oneof(fc.constantFrom(...parts), text), { maxLength: 6 }).map((all) => all.join(''));

describe('flags', () => {
  const keys = Object.keys(FLAGS) as FlagKey[];
  const value = near('127.0.0.1', ':', '80', 'a', '=', '/', ',', ' ', 'le', '0', '-1', '1e9', 's');

  it(`are read or refused by name, whatever is given, ${told}`, () => {
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.array(value, { maxLength: 3 }), (key, texts) => {
        const { name } = FLAGS[key];
        try {
          flagValues([key], { [name]: texts }, {});
        } catch (error) {
          assert.ok(error instanceof UsageError, String(error));
          // A selector says itself where it goes wrong.
          const about = key === 'match' ? 'selector ' : `--${name}: `;
          assert.ok(error.message.startsWith(about), error.message);
        }
      }),
      { ...check, numRuns: 2000 },
    );
  });

  it(`say the same from the environment, ${told}`, () => {
    fc.assert(
      fc.property(near('keep', 'hide-live', 'remove', '-'), (given) => {
        const read = (typed: Record<string, string[]>, environment: Record<string, string>) => {
          try {
            return flagValues(['deadProcesses'], typed, environment).deadProcesses;
          } catch (error) {
            return (error as Error).message.replace(/^\S+: /, '');
          }
        };
        // Empty counts as not set there.
        if (given === '') return;
        assert.equal(
          read({}, { PROMFOLD_DEAD_PROCESSES: given }),
          read({ 'dead-processes': [given] }, {}),
        );
      }),
      check,
    );
  });

  it(`any command line ends in words, ${told}`, async () => {
    const directory = tempDirectory();
    const terminal = {
      environment: {},
      isWrapped: false,
      print: async (output: Output) => {
        // What is printed in pieces is made when it is taken.
        for (const piece of typeof output === 'string' ? [output] : output)
          assert.ok(piece !== undefined);
        return true;
      },
      complain() {},
      stopSignal: () => AbortSignal.abort(),
      onHangUp() {},
    };
    const word = near('--', '-', 'format', 'name', '=', 'text', 'json', 'match', 'strict', 'help');
    // Not diff, which waits for standard input where it is told `-`.
    const command = fc.constantFrom('scrape', 'ls', 'cat', 'explain', 'check');
    await fc.assert(
      fc.asyncProperty(command, fc.array(word, { maxLength: 4 }), async (name, words) => {
        try {
          assert.ok(
            [0, 1, 2].includes(Number(await dispatch([name, directory, ...words], terminal))),
          );
        } catch (error) {
          assert.ok(error instanceof UsageError || error instanceof MetricFileError, String(error));
        }
      }),
      { ...check, numRuns: 300 },
    );
  });

  it(`a listen address is refused or has a port, ${told}`, () => {
    fc.assert(
      fc.property(near('[', ']', '::1', ':', '0', '65535', '99999', 'host'), (address) => {
        const parsed = parseListenAddress(address);
        if (parsed === undefined) return;
        assert.equal(parsed.text, address);
        if ('path' in parsed) return;
        assert.ok(parsed.port >= 0 && parsed.port <= 65_535);
      }),
      { ...check, numRuns: 1000 },
    );
  });
});

describe('a selector', () => {
  it(`is read or refused, ${told}`, () => {
    const part = near(
      'a',
      '{',
      '}',
      '=',
      '=~',
      '!=',
      '"',
      ',',
      '\\',
      '.*',
      '(',
      '(?i)',
      ' 1.0',
      '[',
    );
    fc.assert(
      fc.property(part, (given) => {
        try {
          const selector = new Selector(given);
          selector.selects({ family: 'a', sampleName: 'a_total', labels: [['b', 'c']] });
        } catch (error) {
          assert.ok(error instanceof UsageError, String(error));
        }
      }),
      { ...check, numRuns: 3000 },
    );
  });

  it(`of a whole series selects it and no other, ${told}`, () => {
    const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,8}$/);
    const label = fc.stringMatching(/^[a-z]{1,4}$/);
    fc.assert(
      fc.property(name, label, text, text, (sampleName, key, value, other) => {
        const escaped = value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
        const selector = new Selector(`${sampleName}{${key}="${escaped}"}`);
        const series = (is: string) => ({
          family: sampleName,
          sampleName,
          labels: [[key, is]] as const,
        });
        assert.ok(selector.selects(series(value)));
        assert.equal(selector.selects(series(other)), other === value);
      }),
      { ...check, numRuns: 1000 },
    );
  });
});

describe('what a client sends', () => {
  const families = ['jobs', 'a:b', 'depth', 'loops'];
  let scraper: Scraper;
  let server: FastifyInstance;

  before(async () => {
    const directory = tempDirectory();
    writeFileSync(
      join(directory, 'counter_1.db'),
      fileBytes('dict4-16', [counter('jobs', 1), counter('loops', 2)]),
    );
    writeFileSync(
      join(directory, 'gauge_max_1.db'),
      fileBytes('dict4-16', [gauge('a:b', 3), gauge('depth', 4)]),
    );
    scraper = new Scraper(directory);
    server = buildServer(scraper, {
      telemetryPath: '/metrics',
      limit: new RequestLimit(0),
      version: '1',
      log: {
        debug() {},
        warn() {},
        error: (message, fields) => assert.fail(`${message} ${fields.error}`),
      },
    });
    await server.ready();
  });

  after(async () => {
    await server.close();
    await scraper.close();
  });

  it(`is answered or refused, whatever path and query, ${told}`, async () => {
    const url = near(
      '/',
      'metrics',
      '?',
      'name[]=',
      '&',
      'source=',
      '%',
      '%zz',
      '-',
      'ready',
      '..',
    );
    await fc.assert(
      fc.asyncProperty(url, async (path) => {
        // What a URL cannot hold is not a request.
        const sent = `/${encodeURI(path.toWellFormed?.() ?? 'x').replace(/%25/g, '%')}`;
        const { statusCode, headers, body } = await server.inject({ url: sent });
        assert.ok([200, 400, 404, 405, 414].includes(statusCode), `${statusCode} ${sent}`);
        if (statusCode !== 200) assert.match(body, /^[^\n]+\n$/);
        assert.ok(headers['content-type'] !== undefined);
      }),
      { ...check, numRuns: 1000 },
    );
  });

  it(`as name[] chooses those families and no other, ${told}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(families),
        fc.array(text, { maxLength: 3 }),
        async (chosen, junk) => {
          const names = [
            ...chosen,
            ...junk.filter((name) => !families.some((f) => name.includes(f))),
          ];
          const query = names
            .filter((name) => name.isWellFormed?.() ?? true)
            .map((name) => `name[]=${encodeURIComponent(name)}`)
            .join('&');
          const { statusCode, body } = await server.inject(`/metrics?${query}`);
          assert.equal(statusCode, 200);
          const said = [...body.matchAll(/^# TYPE (\S+?)(?:_total)? /gm)].map(([, name]) => name!);
          const isAll = !names.some((name) => name.trim() !== '');
          assert.deepEqual(said.sort(), isAll ? [...families].sort() : [...chosen].sort());
        },
      ),
      { ...check, numRuns: 500 },
    );
  });

  it(`as headers decides only the dialect: every answer is valid, ${told}`, async () => {
    const accept = near(
      'text/plain',
      'application/openmetrics-text',
      ';',
      ',',
      'q=',
      '0.5',
      'version=1.0.0',
      '"',
      'escaping=',
      'dots',
    );
    await fc.assert(
      fc.asyncProperty(accept, async (given) => {
        const header = given.replace(/[^\x20-\x7e]/g, '?');
        const { statusCode, headers, body } = await server.inject({
          url: '/metrics',
          headers: { accept: header },
        });
        assert.equal(statusCode, 200);
        const isOpenMetrics = String(headers['content-type']).startsWith('application/openmetrics');
        assert.deepEqual(faultsOf(body, isOpenMetrics), []);
      }),
      { ...check, numRuns: 500 },
    );
  });

  it(`as a timeout is one, or is none, ${told}`, () => {
    fc.assert(
      fc.property(fc.oneof(text, near('1', '.', '0', 'e', '-', ' ')), (given) => {
        const seconds = deadlineSeconds(given);
        if (seconds === undefined) return;
        assert.ok(seconds > 0 && seconds < Number(given));
      }),
      { ...check, numRuns: 2000 },
    );
  });
});
