/** Classes of Keras that are not here yet, by family: their cases are not run. */
export const ABSENT: Readonly<Record<string, readonly string[]>> = {};
