/** What changes now. */
import { MAX_TOP_ROWS } from '../../../inspect/remote-top.js';
import { viewEndpoint } from '../api-endpoint.js';
import { limitOf } from '../parameters.js';
import { COUNT, FINITE, list, NUMBER, object, ref, SECONDS, STRING } from '../schema.js';

export const TOP = viewEndpoint({
  path: '/top',
  answers: 'What changes now, as `top --json`: since an earlier request, a second before at least.',
  parameters: { limit: limitOf('elements of each list', 100, MAX_TOP_ROWS) },
  schema: object(
    {
      path: STRING,
      takenAtSeconds: SECONDS,
      windowSeconds: {
        ...FINITE,
        description: 'Since the earlier request; 0 without one, and there are no rates then.',
      },
      incrementsPerSecond: NUMBER,
      observationsPerSecond: NUMBER,
      files: COUNT,
      entries: COUNT,
      usedBytes: COUNT,
      processes: list(ref('TopProcess')),
      series: list(ref('TopSeries')),
      gauges: list(ref('TopGauge')),
      problems: list(ref('TopProblem')),
    },
    { engines: { ...list(ref('Verdict')), description: 'Absent where the watchdog is off.' } },
  ),
  example: '?limit=5',
  async view({ top }, { limit }) {
    return { body: await top(limit) };
  },
});
