/** Runs a storm of compactions (compactions.ts) with the options that it is given as JSON, and prints the report as JSON. */
import { runHere } from './compactions.js';

console.log(JSON.stringify(await runHere(JSON.parse(process.argv[2]!))));
