import {resetNames} from '@keratin/core/internal';

/** Forgets what layers count for the whole process: automatic names start over. */
export function clearSession(): void {
  resetNames();
}
