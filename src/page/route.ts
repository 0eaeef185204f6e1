/**
 * What is shown, in the fragment of the URL: a view, what it is of, and its parameters. A link to it shows the same.
 *
 *   #/processes/4711?at=1772331600&sort=-entries
 */
import { useEffect, useState } from 'preact/hooks';

export interface Route {
  readonly view: string;
  /** What the view is of; empty for all. */
  readonly of: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** They stay from view to view. */
export const SHARED = ['source', 'at', 'vs', 'range'];

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const [view = '', ...rest] = path.split('/');
  return {
    view: view === '' ? 'overview' : view,
    of: decoded(rest.join('/')),
    parameters: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** Links may have been cut or edited. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function hashOf({ view, of, parameters }: Route): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== '');
  const query = new URLSearchParams(given).toString();
  const path = of === '' ? view : `${view}/${encodeURIComponent(of)}`;
  return `#/${path}${query === '' ? '' : `?${query}`}`;
}

export function currentRoute(): Route {
  return parseRoute(location.hash);
}

/** A link to a view, with the moment and the source that are shown now. */
export function linkTo(
  view: string,
  of = '',
  parameters: Readonly<Record<string, string>> = {},
): string {
  const now = currentRoute().parameters;
  const shared = Object.fromEntries(
    SHARED.flatMap((name) => (now[name] === undefined ? [] : [[name, now[name]]])),
  );
  return hashOf({ view, of, parameters: { ...shared, ...parameters } });
}

export function go(hash: string, isStep = true): void {
  if (hash === location.hash) return;
  if (isStep) location.hash = hash;
  else {
    history.replaceState(null, '', hash);
    dispatchEvent(new HashChangeEvent('hashchange'));
  }
}

/** Changes parameters of what is shown. @param isStep whether `back` returns to what was before */
export function setParameters(
  changes: Readonly<Record<string, string | undefined>>,
  isStep = true,
): void {
  const route = currentRoute();
  const parameters = { ...route.parameters };
  for (const [name, value] of Object.entries(changes)) parameters[name] = value ?? '';
  go(hashOf({ ...route, parameters }), isStep);
}

export function useRoute(): Route {
  const [route, setRoute] = useState(currentRoute);
  useEffect(() => {
    const follow = () => setRoute(currentRoute());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}
