/**
 * Loaded before a program whose memory is measured (`node --import`): at its end it writes what it took at most.
 */
import { writeFileSync } from 'node:fs';

/** Names the file to write to. */
export const USAGE_FILE_VARIABLE = 'PROMFOLD_USAGE_FILE';

export interface Usage {
  readonly maxRssMebibytes: number;
  readonly cpuSeconds: number;
}

const file = process.env[USAGE_FILE_VARIABLE];
if (file !== undefined) {
  process.on('exit', () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    const usage: Usage = {
      maxRssMebibytes: maxRSS / 1024,
      cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    };
    writeFileSync(file, JSON.stringify(usage));
  });
}
