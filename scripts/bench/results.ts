/** Everything one run measured; --json writes it as it is. */
import type { ChangeFigures } from './changes.js';
import type { ChurnFigures } from './churn.js';
import type { ColdFigures, ColdName } from './cold.js';
import type { CompactionFigures } from './compaction.js';
import type { GrowthFigures } from './growth.js';
import type { AnswerFigures } from './live/answers.js';
import type { CommandFigures } from './live/commands.js';
import type { LoadFigures } from './live/load.js';
import type { PageFigures } from './live/page.js';
import type { StreamFigures } from './live/streams.js';
import type { TickFigures } from './live/ticks.js';
import type { TopRefresh } from './live/top-refresh.js';
import type { Machine } from './machine.js';
import type { ShapeFigures } from './measure-shape.js';
import type { RecorderFigures } from './recorder/daemon.js';
import type { SecureFigures } from './secure.js';
import type { SeriesRuleFigures } from './series-rules.js';
import type { ShapeName } from './shapes.js';
import type { StartFigures } from './starts.js';

export interface Results {
  readonly machine: Machine;
  readonly quick: boolean;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly shapes: Partial<Record<ShapeName, ShapeFigures>>;
  changes?: ChangeFigures;
  readonly churn: Partial<Record<ShapeName, ChurnFigures>>;
  /** Share of a core while the graveyard is watched and not scraped. */
  idlePercent?: number;
  /** `name[]` for one gauge on fleet-1000, and the full scrape to compare with. */
  oneGauge?: { readonly ms: number; readonly fullMs: number };
  readonly cold: Partial<Record<ColdName, ColdFigures>>;
  growth?: GrowthFigures;
  compaction?: CompactionFigures;
  readonly ticks: Partial<Record<ShapeName, TickFigures>>;
  readonly load: Partial<Record<ShapeName, LoadFigures>>;
  /** On the graveyard. */
  commands?: CommandFigures;
  /** On fleet-1000. */
  top?: TopRefresh;
  answers?: AnswerFigures;
  page?: PageFigures;
  /** On vllm. */
  streams?: StreamFigures;
  /** On vllm. */
  recorder?: RecorderFigures;
  /** On fleet-100. */
  starts?: StartFigures;
  /** On vllm. */
  secure?: SecureFigures;
  /** On gauges. */
  seriesRules?: SeriesRuleFigures;
}
