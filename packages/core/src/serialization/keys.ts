/** `kernel_initializer` -> `kernelInitializer`: config keys to option names. */
export function toOptionName(key: string): string {
  return key.replaceAll(/(?<=[a-z0-9])_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `kernelInitializer` -> `kernel_initializer`: option names to config keys. */
export function toConfigKey(option: string): string {
  return option.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A config as the options of a constructor. */
export function toOptions(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [toOptionName(key), value]));
}
