// Walking through the fields of all layers takes longer than a small step of training. What is found is kept as long as this number
// stays: it grows when a layer anywhere gets a weight, is built, or has its `trainable` set.

let version = 0;

/** A number that changes when the weights of any layer, or whether they are trained, may have changed. */
export function structureVersion(): number {
  return version;
}

export function noteStructureChange(): void {
  version += 1;
}
