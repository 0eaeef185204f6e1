/** Compacts a directory as the user that it is run as, and prints the report: see compact-as-if.ts. */
import { jsonText } from '../../src/inspect/json.js';
import { compactAsIf } from './compact-as-if.js';

process.stdout.write(jsonText(await compactAsIf(process.argv[2]!)));
