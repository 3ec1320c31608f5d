import {resetDtypePolicy, resetNames} from '@keratin/core/internal';

/** Forgets what layers count for the whole process: automatic names start over, and the dtype policy is that of `floatx` again. */
export function clearSession(): void {
  resetNames();
  resetDtypePolicy();
}
