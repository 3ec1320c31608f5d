import {type Config, config, type DType, ops, ShapeError, tensor, type Tensor} from '@keratin/core';
import {checkOptions, show} from '@keratin/core/internal';
import {checkBoolean, checkChoice} from '../layer/arguments.js';
import {Initializer} from './initializer.js';

const WINDOWS = ['hann', 'hamming', 'blackman', 'bartlett', 'boxcar', 'cosine'] as const;

/** Windows that {@link STFT} knows, with SciPy's names. */
export type WindowName = (typeof WINDOWS)[number];

/** Options of {@link STFT}. */
export interface STFTOptions {
  /** Which part of the transform. Default `'real'`. */
  side?: 'real' | 'imag' | undefined;
  /** Default `'hann'`; null for none. */
  window?: WindowName | null | undefined;
  /** Divides by the root of the sum of squares, or by the sum, of the window. Default `'density'`. */
  scaling?: 'density' | 'spectrum' | null | undefined;
  /** Whether the window is periodic instead of symmetric. Default false. */
  periodic?: boolean | undefined;
}

/** The kernel that makes a convolution a short-time Fourier transform: shape (frame length, 1, fft length / 2 + 1). */
export class STFT extends Initializer {
  readonly side: 'real' | 'imag';
  readonly window: WindowName | null;
  readonly scaling: 'density' | 'spectrum' | null;
  readonly periodic: boolean;

  constructor(options: STFTOptions = {}) {
    super();
    checkOptions('STFT', options, ['side', 'window', 'scaling', 'periodic']);
    const {side = 'real', window = 'hann', scaling = 'density', periodic = false} = options;
    this.side = checkChoice('STFT', 'side', side, ['real', 'imag']);
    this.window = window === null ? null : checkChoice('STFT', 'window', window, WINDOWS);
    this.scaling = scaling === null ? null : checkChoice('STFT', 'scaling', scaling, ['density', 'spectrum']);
    this.periodic = checkBoolean('STFT', 'periodic', periodic);
  }

  override call(shape: readonly number[], dtype: DType | undefined): Tensor {
    const [frame, channels, bands] = shape;
    if (frame === undefined || bands === undefined || channels !== 1 || shape.length !== 3) {
      throw new ShapeError(`STFT: the initializer needs a shape (frame, 1, bands), got ${show(shape)}`);
    }
    const fft = (bands - 1) * 2;
    const window = this.window === null ? null : windowValues(this.window, frame, this.periodic);
    const values = new Float64Array(frame * bands);
    for (let t = 0; t < frame; t++) {
      for (let f = 0; f < bands; f++) {
        const angle = (-2 * Math.PI * t * f) / fft;
        const wave = this.side === 'real' ? Math.cos(angle) : Math.sin(angle);
        values[t * bands + f] = wave * ((window?.[t] ?? 1) / this.#scale(window));
      }
    }
    return ops.cast(tensor(values, {shape}), dtype ?? config.floatx());
  }

  #scale(window: readonly number[] | null): number {
    if (window === null || this.scaling === null) return 1;
    if (this.scaling === 'spectrum') return window.reduce((sum, w) => sum + Math.abs(w), 0);
    return Math.sqrt(window.reduce((sum, w) => sum + w * w, 0));
  }

  override getConfig(): Config {
    return {side: this.side, window: this.window, periodic: this.periodic, scaling: this.scaling};
  }
}

function windowValues(name: WindowName, length: number, periodic: boolean): number[] {
  const last = periodic ? length : length - 1;
  const shapes: Readonly<Record<WindowName, (x: number, n: number) => number>> = {
    hann: (x) => 0.5 - 0.5 * Math.cos(2 * Math.PI * x),
    hamming: (x) => 0.54 - 0.46 * Math.cos(2 * Math.PI * x),
    blackman: (x) => 0.42 - 0.5 * Math.cos(2 * Math.PI * x) + 0.08 * Math.cos(4 * Math.PI * x),
    bartlett: (x) => 1 - Math.abs(2 * x - 1),
    boxcar: () => 1,
    cosine: (_, n) => Math.sin((Math.PI * (n + 0.5)) / (last + 1)),
  };
  return Array.from({length}, (_, n) => (last === 0 ? 1 : shapes[name](n / last, n)));
}
