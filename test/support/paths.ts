/** Where tests find what is outside of dist/test/: the tree itself, the golden cases, the built promfold. */
import { fileURLToPath } from 'node:url';

// From dist/test/support/ to the root of the tree.
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');
export const GOLDEN = `${ROOT}/test/golden`;
export const MAIN = `${ROOT}/dist/src/main.js`;

/** vLLM's own directories carry help texts that are not ours, so they are not in this tree. */
export const VLLM_CORPUS = process.env.PROMFOLD_VLLM_CORPUS ?? `${ROOT}/../shared/corpora/vllm`;
