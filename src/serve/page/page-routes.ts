/**
 * GET / where debug surfaces are served: the page (src/page/), and its script and style. What is on it comes from the API.
 *
 * The page loads nothing from elsewhere, runs no script but its own and may not be framed. Without scripts it is a list of
 * links, as the plain page is. Links are relative, so that they work behind a proxy that adds a prefix.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import { acceptsGzip } from '../../expose/negotiate.js';
import type { ApiEndpoint } from '../api/api-endpoint.js';
import { API } from '../api/table.js';
import { type Endpoint, LANDING } from '../endpoint.js';
import { linkList, sendLanding } from '../landing-page.js';
import { replyText } from '../reply-text.js';
import { type PageFile, type PageFiles, pageFiles } from './page-files.js';

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': CSP,
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  // It names the files of this version.
  'Cache-Control': 'no-cache',
};

/** Another version has files of other names. */
const FOR_GOOD = 'private, max-age=31536000, immutable';

const FOLDER = '/page';

export function pageRoutes(
  server: FastifyInstance,
  links: readonly Endpoint[],
  version: string,
  onRequest: onRequestHookHandler,
  api: readonly ApiEndpoint[] = API,
): void {
  server.get(LANDING.path, { onRequest }, async (request, reply) => {
    const folder = folderOf(request);
    // Of /prefix, links would lead out of it.
    if (folder !== undefined) return reply.redirect(`${folder}/`, 308);
    const files = await pageFiles();
    if (files === undefined) return sendLanding(reply, links, version);
    return reply.headers(HEADERS).send(pageHtml(files, { links: linkList(links), api }));
  });
  server.get(`${FOLDER}/:name`, { onRequest }, async (request, reply) => {
    const { name } = request.params as { readonly name: string };
    const file = (await pageFiles())?.byName.get(name);
    return file === undefined ? replyText(reply, 404, 'not found') : sendFile(request, reply, file);
  });
}

/** The last segment of a path that does not end with a slash; undefined for the others. */
function folderOf({ originalUrl }: FastifyRequest): string | undefined {
  const [path = ''] = originalUrl.split('?');
  return path.endsWith('/') ? undefined : path.slice(path.lastIndexOf('/') + 1);
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  const { contentType, bytes, gzip } = file;
  reply.headers({
    'Content-Type': contentType,
    'Cache-Control': FOR_GOOD,
    ETag: file.tag,
    Vary: 'Accept-Encoding',
  });
  if (request.headers['if-none-match'] === file.tag) return reply.code(304).send();
  if (!acceptsGzip(request.headers['accept-encoding'])) return reply.send(bytes);
  return reply.header('Content-Encoding', 'gzip').send(gzip);
}

/** Two columns that are folded into one. */
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#3b5bdb"/><path d="M4 4l4 4-4 4M12 4L8 8l4 4" fill="none" stroke="#fff" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/></svg>',
)}`;

function pageHtml(
  { script, style }: PageFiles,
  { links, api }: { readonly links: string; readonly api: readonly ApiEndpoint[] },
): string {
  const paths = api.map(({ path }) => path.slice(1)).join(' ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>promfold</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href=".${FOLDER}/${style}">
<script type="module" src=".${FOLDER}/${script}"></script>
</head>
<body>
<div id="app" data-api="${paths}"></div>
<noscript>
<main class="plain">
<h1>promfold</h1>
<p>This page needs JavaScript. What it shows is answered here, too:</p>
${links}
</main>
</noscript>
</body>
</html>
`;
}
