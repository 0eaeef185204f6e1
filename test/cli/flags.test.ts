import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadCommands } from '../../src/cli/commands.js';
import { environmentVariable } from '../../src/cli/flag.js';
import { describeFlag, renderFlagsTable } from '../../src/cli/flag-help.js';
import { flagArguments, flagOf, flagValues } from '../../src/cli/flag-values.js';
import { FLAGS, type FlagKey } from '../../src/cli/flags.js';
import { manPage } from '../../src/cli/man.js';
import { UsageError } from '../../src/errors.js';

const COMMANDS = await loadCommands();

type Given = Record<string, string[]>;
type Environment = Record<string, string>;

const read = (key: FlagKey, given: Given, environment: Environment = {}) =>
  flagValues([key], given, environment)[key];

describe('the default of one command', () => {
  const value = (given: Given, environment: Environment = {}) =>
    flagValues(['deadProcesses'], given, environment, { deadProcesses: 'hide-gauges' })
      .deadProcesses;

  it('counts in place of that of the others', () => assert.equal(value({}), 'hide-gauges'));

  it('is overridden by the environment variable, and by the flag', () => {
    assert.equal(value({}, { PROMFOLD_DEAD_PROCESSES: 'keep' }), 'keep');
    assert.equal(
      value({ 'dead-processes': ['hide-live'] }, { PROMFOLD_DEAD_PROCESSES: 'keep' }),
      'hide-live',
    );
  });

  it('stands in --help, the table and the manual page', () => {
    const run = COMMANDS.find(({ name }) => name === 'run')!;
    assert.match(describeFlag(flagOf('deadProcesses', run.fallbacks)), /default: hide-gauges,/);
    assert.match(renderFlagsTable(COMMANDS), /\| `keep`, `hide-gauges` of `run` \|/);
    assert.match(manPage([run], []), /default: hide\\-gauges,/);
  });
});

describe('what was given for flags', () => {
  it('is said again on another command line, in the order of the flags', () => {
    const given = { strict: ['true'], label: ['a=b c', 'd=-e'], 'log.level': [] };
    assert.deepEqual(flagArguments(['label', 'strict', 'logLevel'], given), [
      '--label=a=b c',
      '--label=d=-e',
      '--strict',
    ]);
  });
});

describe('a flag', () => {
  const cases: [string, FlagKey, Given, Environment, unknown][] = [
    ['has its default', 'maxRequests', {}, {}, 40],
    ['is taken from the command line', 'maxRequests', { 'web.max-requests': ['3'] }, {}, 3],
    [
      'is taken from its environment variable',
      'maxRequests',
      {},
      { PROMFOLD_WEB_MAX_REQUESTS: '5' },
      5,
    ],
    [
      'on the command line beats its environment variable',
      'maxRequests',
      { 'web.max-requests': ['3'] },
      { PROMFOLD_WEB_MAX_REQUESTS: '5' },
      3,
    ],
    [
      'ignores an empty environment variable',
      'maxRequests',
      {},
      { PROMFOLD_WEB_MAX_REQUESTS: '' },
      40,
    ],
    [
      'given twice counts as said last',
      'logLevel',
      { 'log.level': ['warn', 'debug'] },
      {},
      'debug',
    ],
    ['that is a switch is off by default', 'strict', {}, {}, false],
    ['that is a switch is on when given', 'strict', { strict: ['true'] }, {}, true],
    [
      'that is a switch can be off by its environment variable',
      'strict',
      {},
      { PROMFOLD_STRICT: 'false' },
      false,
    ],
    [
      'that is a switch can be on by its environment variable',
      'strict',
      {},
      { PROMFOLD_STRICT: '1' },
      true,
    ],
    ['that is repeatable keeps the order', 'name', { name: ['b', 'a'] }, {}, ['b', 'a']],
    ['without a default is undefined', 'escaping', {}, {}, undefined],
    [
      'of the command line only has no environment variable',
      'format',
      {},
      { PROMFOLD_FORMAT: 'openmetrics' },
      'text',
    ],
    [
      'may be a path of its own',
      'telemetryPath',
      { 'web.telemetry-path': ['/a/b-c'] },
      {},
      '/a/b-c',
    ],
    ['may serve at the root', 'telemetryPath', { 'web.telemetry-path': ['/'] }, {}, '/'],
  ];
  for (const [title, key, given, environment, value] of cases) {
    it(title, () => assert.deepEqual(read(key, given, environment), value));
  }

  it('label is sorted by name, and its environment variable splits where the next name begins', () => {
    const flags = { label: ['z=1', 'a=b=c', 'm='] };
    const sorted = [
      ['a', 'b=c'],
      ['m', ''],
      ['z', '1'],
    ];
    assert.deepEqual(read('label', flags), sorted);
    assert.deepEqual(read('label', {}, { PROMFOLD_LABEL: 'pod=llm-0, zone=north, east dc=2' }), [
      ['dc', '2'],
      ['pod', 'llm-0'],
      ['zone', 'north, east'],
    ]);
  });

  const sizes: [text: string, bytes: number][] = [
    ['0', 0],
    ['4096', 4096],
    ['64B', 64],
    ['1.5KiB', 1536],
    ['500MB', 500e6],
    ['64 MiB', 2 ** 26],
    ['1GiB', 2 ** 30],
  ];
  for (const [text, bytes] of sizes) {
    it(`reads ${text} as a size`, () =>
      assert.equal(read('recorderSize', { 'recorder.size': [text] }), bytes));
  }

  it('of selectors has one a line in its environment variable', () => {
    const selectors = flagValues(
      ['recorderExclude'],
      {},
      { PROMFOLD_RECORDER_EXCLUDE: 'a{b="1", c="2"}\nd' },
    ).recorderExclude;
    assert.deepEqual(
      selectors.map(({ name }) => name),
      ['a', 'd'],
    );
  });

  it('that is repeatable lists several in its environment variable', () => {
    const addresses = flagValues(
      ['listenAddress'],
      {},
      {
        PROMFOLD_WEB_LISTEN_ADDRESS: '127.0.0.1:1, [::1]:2',
      },
    ).listenAddress;
    assert.deepEqual(
      addresses.map(({ text }) => text),
      ['127.0.0.1:1', '[::1]:2'],
    );
  });

  const wrong: [string, FlagKey, Given, Environment, string][] = [
    [
      'an empty prefix',
      'include',
      { 'metrics.include': [''] },
      {},
      "--metrics.include: expected the beginning of a name, got ''",
    ],
    [
      'a label that a histogram needs',
      'label',
      { label: ['le=1'] },
      {},
      "--label: expected a label other than le or quantile, got 'le=1'",
    ],
    [
      'a label that a summary needs',
      'label',
      { label: ['quantile=1'] },
      {},
      "--label: expected a label other than le or quantile, got 'quantile=1'",
    ],
    [
      'a label twice',
      'label',
      { label: ['a=1', 'a=2'] },
      {},
      "--label: expected each label once, got 'a=2'",
    ],
    ...['7a=1', 'a.b=1', '__name__=x', '=x', 'a', ''].map(
      (text): [string, FlagKey, Given, Environment, string] => [
        `a label ${JSON.stringify(text)}`,
        'label',
        { label: [text] },
        {},
        `--label: expected NAME=VALUE, with a name of A-Z a-z 0-9 _ that does not begin with __ or a digit, got '${text}'`,
      ],
    ),
    [
      'no whole number',
      'maxRequests',
      { 'web.max-requests': ['many'] },
      {},
      "--web.max-requests: expected a whole number, 0 or more, got 'many'",
    ],
    [
      'a bad environment variable, by its name',
      'maxRequests',
      {},
      { PROMFOLD_WEB_MAX_REQUESTS: '-1' },
      "PROMFOLD_WEB_MAX_REQUESTS: expected a whole number, 0 or more, got '-1'",
    ],
    [
      'a switch that is neither on nor off',
      'strict',
      {},
      { PROMFOLD_STRICT: 'maybe' },
      "PROMFOLD_STRICT: expected true or false, got 'maybe'",
    ],
    [
      'the one bad address of several',
      'listenAddress',
      { 'web.listen-address': [':1', '2'] },
      {},
      "--web.listen-address: expected host:port, :port, [ipv6]:port or unix:/path, got '2'",
    ],
    [
      'a level there is not',
      'logLevel',
      { 'log.level': ['loud'] },
      {},
      "--log.level: expected debug, info, warn or error, got 'loud'",
    ],
    [
      "a path of the daemon's own",
      'telemetryPath',
      { 'web.telemetry-path': ['/-/ready'] },
      {},
      "--web.telemetry-path: expected a path outside /-/, got '/-/ready'",
    ],
    [
      'a size without a known unit',
      'recorderSize',
      { 'recorder.size': ['64MiBs'] },
      {},
      "--recorder.size: expected bytes such as 64MiB, 500MB or 1GiB, got '64MiBs'",
    ],
    [
      'an interval below a tenth of a second',
      'recorderInterval',
      { 'recorder.interval': ['50ms'] },
      {},
      "--recorder.interval: expected a duration from 100ms to 1h, such as 1s, got '50ms'",
    ],
    ['an empty name', 'name', { name: [' '] }, {}, "--name: expected a name, got ' '"],
  ];
  for (const [title, key, given, environment, message] of wrong) {
    it(`refuses ${title}`, () => {
      assert.throws(() => read(key, given, environment), new UsageError(message));
    });
  }

  for (const path of ['', 'metrics', '/a?b', '/:any', '/a*', '/a b']) {
    it(`refuses '${path}' as telemetry path`, () => {
      assert.throws(() => read('telemetryPath', { 'web.telemetry-path': [path] }), UsageError);
    });
  }
});

describe('the flags', () => {
  it('each have an environment variable of their own, and a name of their own within a command', () => {
    const variables = Object.values(FLAGS)
      .map(environmentVariable)
      .filter((variable) => variable !== undefined);
    for (const { name: command, flags } of COMMANDS) {
      // `--sort` has the columns of the command it is of.
      const names = flags.map((key) => FLAGS[key].name);
      assert.equal(new Set(names).size, names.length, command);
    }
    assert.equal(new Set(variables).size, variables.length);
  });

  it('are each taken by a command', () => {
    const taken = new Set(COMMANDS.flatMap(({ flags }) => flags));
    assert.deepEqual(
      Object.keys(FLAGS).filter((key) => !taken.has(key as FlagKey)),
      [],
    );
  });

  it('say default and environment variable in their help', () => {
    assert.equal(
      describeFlag(FLAGS.maxRequests),
      'concurrent scrapes, 503 beyond it; 0 for no limit (default: 40, env: PROMFOLD_WEB_MAX_REQUESTS)',
    );
  });

  it('make a table with a row each', () => {
    const rows = renderFlagsTable(COMMANDS).split('\n').slice(2);
    assert.equal(rows.length, Object.keys(FLAGS).length);
    assert.equal(
      rows.find((row) => row.includes('--log.level')),
      '| `--log.level <level>` | `serve`, `run` | `info` | debug, info, warn or error | `PROMFOLD_LOG_LEVEL` |',
    );
  });
});
