/** Why promfold does not run here, and what to do: an older Node, or another system. */

/** As package.json says under `engines`. */
export const OLDEST_NODE = '20.19.0';

/** One line; undefined where promfold runs. Old Nodes run it, so nothing in it may be new. */
export function refusal(node: string, platform: string): string | undefined {
  if (platform !== 'linux') {
    return `expected Linux, got ${platform}; run it in a Linux container that mounts the directory`;
  }
  if (isOlder(node, OLDEST_NODE)) {
    return `expected Node ${OLDEST_NODE} or later, got ${node} (${process.execPath}); install it from https://nodejs.org or with your version manager, such as nvm install 20`;
  }
  return undefined;
}

function isOlder(version: string, other: string): boolean {
  const own = version.split('.').map(Number);
  for (const [i, least] of other.split('.').map(Number).entries()) {
    if (own[i] !== least) return own[i]! < least;
  }
  return false;
}
