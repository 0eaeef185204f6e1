/**
 * Ends an installation on a Node that is too old with one line, ahead of scripts that such a Node cannot read. So it is
 * written in the language of 2015. The program itself has src/refusal.ts.
 */
const oldest = require('../package.json').engines.node.replace('>=', '');

function isOlder(version, other) {
  const own = version.split(/[.-]/).map(Number);
  const least = other.split('.').map(Number);
  const first = least.findIndex((number, i) => own[i] !== number);
  return first >= 0 && own[first] < least[first];
}

if (isOlder(process.versions.node, oldest)) {
  const found = `${process.versions.node} (${process.execPath})`;
  const cure =
    'install it from https://nodejs.org or with your version manager, such as nvm install 20';
  process.stderr.write(`promfold: expected Node ${oldest} or later, got ${found}; ${cure}\n`);
  process.exit(1);
}
