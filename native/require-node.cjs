/**
 * Ends an installation on a Node that is too old with one line, ahead of scripts that such a Node cannot read. Its syntax
 * is old for that. The program itself has src/refusal.ts.
 */
var oldest = require('../package.json').engines.node.replace('>=', '');

function isOlder(version, other) {
  var own = version.split('.');
  var least = other.split('.');
  for (var i = 0; i < 3; i += 1) {
    if (Number(own[i]) !== Number(least[i])) return Number(own[i]) < Number(least[i]);
  }
  return false;
}

if (isOlder(process.versions.node.split('-')[0], oldest)) {
  process.stderr.write(
    'promfold: expected Node ' + oldest + ' or later, got ' + process.versions.node + ' (' + process.execPath +
      '); install it from https://nodejs.org or with your version manager, such as nvm install 20\n',
  );
  process.exit(1);
}
