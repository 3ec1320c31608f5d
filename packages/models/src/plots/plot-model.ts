import {extname} from 'node:path';
import {ValueError} from '@keratin/core';
import {checkOptions, describe, type FilePath, pathText, writeAtomic} from '@keratin/core/internal';
import {type AnyModel} from '../callbacks/callback.js';
import {checkDotOptions, DOT_OPTIONS, modelToDot, type ModelToDotOptions} from './dot.js';
import {FONT, pngOfSvg} from './pixels.js';

/** Options of {@link plotModel}. */
export interface PlotModelOptions extends ModelToDotOptions {
  /** A file that ends in `.png`, `.svg` or `.dot`. Default `'model.png'`. */
  toFile?: FilePath | undefined;
}

const FORMATS = ['.png', '.svg', '.dot'];
const DPI = 200;
/** Pixels that an inch of SVG has. */
const SVG_DPI = 96;

/**
 * Draws a model into a file: boxes for layers with what is asked for, as Keras's `plot_model` draws them. Needs no program on the
 * system: Graphviz comes as WebAssembly, pixels from resvg.
 *
 * @example
 * await plotModel(model, {toFile: 'model.svg', showShapes: true, expandNested: true});
 * @throws ValueError where the file ends in anything else
 * @throws NotBuiltError where the model has no layers to show yet
 */
export async function plotModel(model: AnyModel, options: PlotModelOptions = {}): Promise<void> {
  checkOptions('plotModel', options, ['toFile', ...DOT_OPTIONS], {to_file: 'toFile', path: 'toFile', file: 'toFile'});
  const {toFile = 'model.png', ...drawing} = options;
  checkDotOptions('plotModel', drawing);
  const format = typeof toFile === 'string' || toFile instanceof URL ? extname(pathText(toFile)).toLowerCase() : '';
  if (!FORMATS.includes(format)) {
    throw new ValueError(`plotModel: toFile must end in .png, .svg or .dot, got ${describe(toFile)}`);
  }
  const dot = modelToDot(model, {showLayerNames: false, ...drawing});
  const content = format === '.dot' ? dot : format === '.svg' ? await svgOf(dot) : await pngOf(dot, drawing.dpi ?? DPI);
  await writeAtomic(toFile, async (file) => {
    await file.writeFile(content);
  });
}

async function svgOf(dot: string): Promise<string> {
  // Loaded when a model is drawn: most programs never draw one.
  const {instance} = await import('@viz-js/viz');
  const viz = await instance();
  return viz.renderString(dot, {format: 'svg'});
}

async function pngOf(dot: string, dpi: number): Promise<Uint8Array> {
  const svg = await svgOf(dot);
  // Arimo has the widths of Helvetica, which the boxes were made for.
  return pngOfSvg(svg.replaceAll(/font-family="[^"]*"/g, `font-family="${FONT}"`), dpi / SVG_DPI);
}
