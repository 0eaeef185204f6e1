import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseDirectory } from '../../src/cli/directory.js';
import { UsageError } from '../../src/errors.js';

describe('the directory', () => {
  const NEW = 'PROMETHEUS_MULTIPROC_DIR';
  const OLD = 'prometheus_multiproc_dir';
  const cases: [string, string | undefined, Record<string, string>, string, number][] = [
    ['is the one given', '/a', { [NEW]: '/b', [OLD]: '/c' }, '/a', 0],
    ['is else the one of the variable', undefined, { [NEW]: '/b', [OLD]: '/c' }, '/b', 0],
    ['is else the one of the old variable, with a warning', undefined, { [OLD]: '/c' }, '/c', 1],
    ['ignores an empty variable', undefined, { [NEW]: '', [OLD]: '/c' }, '/c', 1],
  ];
  for (const [title, given, environment, directory, warnings] of cases) {
    it(title, () => {
      const said: string[] = [];
      assert.equal(
        chooseDirectory(given, environment, (line) => said.push(line)),
        directory,
      );
      assert.equal(said.length, warnings);
    });
  }

  it('must be named somewhere', () => {
    const message =
      'expected DIR or $PROMETHEUS_MULTIPROC_DIR, got neither; promfold discover lists those in use';
    assert.throws(() => chooseDirectory(undefined, {}, () => {}), new UsageError(message));
  });

  it('is not the empty text, as of an unset variable in a script', () => {
    assert.throws(() => chooseDirectory('', { [NEW]: '/b' }, () => {}), UsageError);
  });
});
