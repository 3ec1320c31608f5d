import {FileFormatError} from '@keratin/core';
import {type AnyLayer} from '@keratin/layers';
import {type AnyModel} from '../callbacks/callback.js';
import {type Optimizer} from '../optimizers/optimizer.js';
import {saveablesOf} from './saveables.js';

/** What a layer may have beside its weights: texts by file name, such as the vocabulary of a lookup. */
interface HasAssets {
  getAssets(): Readonly<Record<string, string>>;
  /** Takes what {@link getAssets} gave. */
  setAssets(files: Readonly<Record<string, string>>): void;
}

const hasAssets = (owner: AnyLayer | Optimizer): owner is AnyLayer & HasAssets =>
  typeof Reflect.get(owner, 'getAssets') === 'function' && typeof Reflect.get(owner, 'setAssets') === 'function';

/** The files of all layers by their path in the archive. */
export function assetsOf(model: AnyModel): Map<string, Uint8Array> {
  const assets = new Map<string, Uint8Array>();
  for (const {path, owner} of saveablesOf(model)) {
    if (!hasAssets(owner)) continue;
    for (const [name, text] of Object.entries(owner.getAssets())) assets.set(`${path}/${name}`, Buffer.from(text));
  }
  return assets;
}

/** Gives each layer its files. */
export function setAssets(model: AnyModel, assets: ReadonlyMap<string, Uint8Array>, label: string): void {
  for (const {path, owner} of saveablesOf(model)) {
    if (!hasAssets(owner)) continue;
    const own = [...assets].filter(([name]) => name.slice(0, Math.max(0, name.lastIndexOf('/'))) === path);
    try {
      const text = new TextDecoder('utf-8', {fatal: true});
      owner.setAssets(
        Object.fromEntries(own.map(([name, bytes]) => [name.slice(path.length + 1), text.decode(bytes)])),
      );
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new FileFormatError(`${label}: assets/${path}: ${reason}`, {cause: error});
    }
  }
}
