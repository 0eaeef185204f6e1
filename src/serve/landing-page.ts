/**
 * GET / where no debug surface is served: a plain page that says what promfold is, with links.
 *
 * Links are relative, so that they work behind a proxy that adds a prefix.
 */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, onRequestHookHandler } from 'fastify';
import { type Endpoint, LANDING } from './endpoint.js';

/** The header has the colour of all exporters. */
const STYLE = `
body { margin: 0; font-family: system-ui, sans-serif; line-height: 1.5; }
header { background: #e6522c; color: #fff; padding: 1rem 2rem; }
h1 { margin: 0; font-size: 1.5rem; }
main { padding: 1rem 2rem; }
code { background: #8882; padding: 0 0.25em; }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** The page may not load, send or be framed; its only style is allowed by its hash. */
const HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
};

export function landingPage(
  server: FastifyInstance,
  links: readonly Endpoint[],
  version: string,
  onRequest: onRequestHookHandler,
): void {
  server.get(LANDING.path, { onRequest }, (_request, reply) => sendLanding(reply, links, version));
}

export function sendLanding(
  reply: FastifyReply,
  links: readonly Endpoint[],
  version: string,
): FastifyReply {
  return reply.headers(HEADERS).send(landingHtml(links, version));
}

/** As HTML; without the landing page itself. */
export function linkList(links: readonly Endpoint[]): string {
  const items = links
    .filter(({ path }) => path !== LANDING.path)
    .map(({ path, answers, ...rest }) => {
      const link = 'link' in rest ? rest.link : path;
      const text = answers.replace(/`([^`]*)`/g, '<code>$1</code>');
      const name = link === undefined ? path : `<a href=".${escaped(link)}">${path}</a>`;
      return `<li>${name}: ${text}</li>`;
    });
  return `<ul>\n${items.join('\n')}\n</ul>`;
}

function landingHtml(links: readonly Endpoint[], version: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>promfold</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>promfold</h1></header>
<main>
<p>Serves the metrics that Python processes write to <code>PROMETHEUS_MULTIPROC_DIR</code>,
from outside the application. Version ${version}.</p>
${linkList(links)}
</main>
</body>
</html>
`;
}

/** Queries have `&`; no path has anything else that HTML reads. */
function escaped(link: string): string {
  return link.replaceAll('&', '&amp;');
}
