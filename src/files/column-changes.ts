/** What changed between the values of two moments, for the debug views: the addon compares them. */
export {
  type ColumnChanges,
  compareColumns,
  type EntryValues,
  INCREASE_CLASS,
  INCREASE_CLASSES,
  releaseColumns,
} from '../native.js';
