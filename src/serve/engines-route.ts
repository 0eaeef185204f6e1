/**
 * /-/engines, for a readiness probe: 503 while an engine has stalled, so that no requests are sent there. One of which it is not known
 * never counts. Served with --web.enable-engine-probe. Not a liveness probe: a restart of promfold helps no engine.
 */
import type { FastifyInstance } from 'fastify';
import type { SourcesWatch } from '../live/watch/sources-watch.js';
import type { Verdict } from '../watchdog/verdict.js';
import { ENGINES } from './endpoint.js';
import { replyText } from './reply-text.js';

const WHEN = ['any', 'all'] as const;

export function enginesRoute(server: FastifyInstance, watch: SourcesWatch): void {
  server.get(ENGINES.path, (request, reply) => {
    const { when = 'any' } = request.query as { readonly when?: unknown };
    if (!(WHEN as readonly unknown[]).includes(when)) {
      return replyText(reply, 400, `when: expected ${WHEN.join(' or ')}`);
    }
    const engines = watch
      .verdicts()
      .flatMap(({ name, verdicts }) =>
        verdicts.filter(({ engine }) => engine !== undefined).map((each) => ({ name, ...each })),
      );
    const stalled = engines.filter(({ verdict }) => verdict === 'stalled');
    const isBad = when === 'any' ? stalled.length > 0 : isAllOf(stalled, engines);
    if (!isBad)
      return replyText(reply, 200, `${engines.length} engines, ${stalled.length} stalled.`);
    return replyText(reply, 503, `stalled: ${stalled.map(nameOf).join('; ')}`);
  });
}

function isAllOf(stalled: readonly unknown[], engines: readonly unknown[]): boolean {
  return engines.length > 0 && stalled.length === engines.length;
}

function nameOf({ name, engine, modelName }: Verdict & { readonly name: string | undefined }) {
  const of = modelName === undefined ? '' : ` of ${modelName}`;
  return `engine ${engine}${of}${name === undefined ? '' : ` in ${name}`}`;
}
