import {type Config, config, DtypeError, ops, type Shape, type Tensor, ValueError, type Variable} from '@keratin/core';
import {describe, show} from '@keratin/core/internal';
import {STFT, type STFTOptions} from '../../initializers/stft.js';
import {checkBoolean, checkChoice, checkCount} from '../../layer/arguments.js';
import {type DataFormat, dataFormatOf} from '../../layer/data-format.js';
import {Layer} from '../../layer/layer.js';
import {type LayerOptions} from '../../layer/types.js';

const MODES = ['log', 'magnitude', 'psd', 'real', 'imag', 'angle', 'stft'] as const;

/** What a spectrogram shows of the transform. */
export type SpectrogramMode = (typeof MODES)[number];

/** Options of {@link STFTSpectrogram}. */
export interface STFTSpectrogramOptions extends LayerOptions {
  /**
   * `'log'` (the default) and `'magnitude'` of the transform, its power (`'psd'`), `'real'` or `'imag'` part, `'angle'`, or both parts one
   * after the other (`'stft'`).
   */
  mode?: SpectrogramMode | undefined;
  /** Points of a frame. Default 256. */
  frameLength?: number | undefined;
  /** Points from one frame to the next. Default: half a frame. */
  frameStep?: number | null | undefined;
  /** Points of the transform. Default: the power of two from frameLength on. */
  fftLength?: number | null | undefined;
  /** Default `'hann'`; null for none. */
  window?: STFTOptions['window'];
  /** Whether the window is periodic instead of symmetric. Default false. */
  periodic?: boolean | undefined;
  /** Divides by the root of the sum of squares, or by the sum, of the window. Default `'density'`. */
  scaling?: 'density' | 'spectrum' | null | undefined;
  /** Default `'valid'`. */
  padding?: 'valid' | 'same' | undefined;
  /** Whether channels and frequencies are axes of their own, instead of one. Default false. */
  expandDims?: boolean | undefined;
  /** Default `'channels_last'`: signals are (batch, time, channels). */
  dataFormat?: DataFormat | undefined;
}

/**
 * Spectra of overlapping frames of signals, by a convolution whose kernels may be trained: (batch, time, channels) gives (batch, frames,
 * channels * frequencies), or (batch, frames, frequencies, channels) with `expandDims`.
 */
export class STFTSpectrogram extends Layer {
  readonly mode: SpectrogramMode;
  readonly frameLength: number;
  readonly frameStep: number | null;
  readonly fftLength: number | null;
  readonly window: STFT['window'];
  readonly periodic: boolean;
  readonly scaling: 'density' | 'spectrum' | null;
  readonly padding: 'valid' | 'same';
  readonly expandDims: boolean;
  readonly dataFormat: DataFormat;
  declare realKernel: Variable;
  declare imagKernel: Variable;
  readonly #step: number;
  readonly #points: number;

  constructor(options: STFTSpectrogramOptions = {}) {
    super(options, [
      'mode',
      'frameLength',
      'frameStep',
      'fftLength',
      'window',
      'periodic',
      'scaling',
      'padding',
      'expandDims',
      'dataFormat',
    ]);
    const where = 'STFTSpectrogram';
    const {frameStep = null, fftLength = null, window = 'hann', scaling = 'density'} = options;
    this.mode = checkChoice(where, 'mode', options.mode ?? 'log', MODES);
    this.frameLength = checkCount(where, 'frameLength', options.frameLength ?? 256);
    this.frameStep = frameStep === null ? null : checkCount(where, 'frameStep', frameStep);
    if (this.frameStep !== null && this.frameStep > this.frameLength) {
      throw new ValueError(
        `${where}: frameStep must not be above frameLength ${String(this.frameLength)}, got ${describe(frameStep)}`,
      );
    }
    this.fftLength = fftLength === null ? null : checkCount(where, 'fftLength', fftLength);
    if (this.fftLength !== null && this.fftLength < this.frameLength) {
      throw new ValueError(
        `${where}: fftLength must not be below frameLength ${String(this.frameLength)}, got ${describe(fftLength)}`,
      );
    }
    this.periodic = checkBoolean(where, 'periodic', options.periodic ?? false);
    const {window: checkedWindow, scaling: checkedScaling} = new STFT({window, scaling, periodic: this.periodic});
    this.window = checkedWindow;
    this.scaling = checkedScaling;
    this.padding = checkChoice(where, 'padding', options.padding ?? 'valid', ['valid', 'same']);
    this.expandDims = checkBoolean(where, 'expandDims', options.expandDims ?? false);
    this.dataFormat = dataFormatOf(where, options.dataFormat);
    this.#step = this.frameStep ?? Math.max(Math.floor(this.frameLength / 2), 1);
    this.#points = this.fftLength ?? 2 ** Math.ceil(Math.log2(this.frameLength));
    this.inputSpec = {ndim: 3};
  }

  override build(_inputShape: Shape): void {
    const shape = [this.frameLength, 1, this.#bands];
    const {window, scaling, periodic} = this;
    const weight = (side: 'real' | 'imag') =>
      this.addWeight({name: `${side}_kernel`, shape, initializer: new STFT({side, window, scaling, periodic})});
    if (this.mode !== 'imag') this.realKernel = weight('real');
    if (this.mode !== 'real') this.imagKernel = weight('imag');
  }

  get #bands(): number {
    return Math.floor(this.#points / 2) + 1;
  }

  override call(inputs: Tensor): Tensor {
    if (!inputs.dtype.startsWith('float') && inputs.dtype !== 'bfloat16') {
      throw new DtypeError(`${this.path}: signals are floating, got ${inputs.dtype} of shape ${show(inputs.shape)}`);
    }
    const real = () => this.#convolved(inputs, this.realKernel);
    const imag = () => this.#convolved(inputs, this.imagKernel);
    const power = () => real().square().add(imag().square());
    const magnitude = () => this.#arranged(ops.sqrt(ops.maximum(power(), config.epsilon())));
    switch (this.mode) {
      case 'real':
        return this.#arranged(real());
      case 'imag':
        return this.#arranged(imag());
      case 'angle':
        return this.#arranged(ops.arctan2(imag(), real()));
      case 'stft':
        return this.#arranged(ops.concatenate([real(), imag()], 2));
      case 'psd': {
        // All bands but the first and last stand for two frequencies.
        const all = power();
        const inner = ops.pad(all.at(':', ':', '1:-1', ':'), [
          [0, 0],
          [0, 0],
          [1, 1],
          [0, 0],
        ]);
        return this.#arranged(all.add(inner));
      }
      case 'magnitude':
        return magnitude();
      case 'log':
        return ops.log(ops.maximum(magnitude(), config.epsilon()));
    }
  }

  /** (batch, channels, bands, frames): every channel is a signal of its own. */
  #convolved(inputs: Tensor, kernel: Variable): Tensor {
    const first = this.dataFormat === 'channels_last' ? inputs.transpose([0, 2, 1]) : inputs;
    const [channels, time] = [first.dim(1), first.dim(2)];
    const signals = first.reshape([-1, time, 1]);
    const bands = ops.conv(signals, this.inComputeDtype(kernel), {strides: this.#step, padding: this.padding});
    return bands.reshape([-1, channels, bands.dim(1), this.#bands]).transpose([0, 1, 3, 2]);
  }

  #arranged(outputs: Tensor): Tensor {
    const isLast = this.dataFormat === 'channels_last';
    if (this.expandDims) return outputs.transpose(isLast ? [0, 3, 2, 1] : [0, 1, 3, 2]);
    const [, channels, bands, frames] = outputs.shape;
    const joined = outputs.reshape([-1, Number(channels) * Number(bands), Number(frames)]);
    return isLast ? joined.transpose([0, 2, 1]) : joined;
  }

  override computeOutputShape(inputShape: Shape): Shape {
    const isLast = this.dataFormat === 'channels_last';
    const [batch = null, a = null, b = null] = inputShape;
    const [time, channels] = isLast ? [a, b] : [b, a];
    const bands = this.mode === 'stft' ? this.#bands * 2 : this.#bands;
    const covered = this.padding === 'same' ? time : time === null ? null : time - this.frameLength + 1;
    const frames = covered === null ? null : Math.ceil(covered / this.#step);
    if (this.expandDims) return isLast ? [batch, frames, bands, channels] : [batch, channels, frames, bands];
    const joined = channels === null ? null : channels * bands;
    return isLast ? [batch, frames, joined] : [batch, joined, frames];
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      mode: this.mode,
      frame_length: this.frameLength,
      frame_step: this.frameStep,
      fft_length: this.fftLength,
      window: this.window,
      periodic: this.periodic,
      scaling: this.scaling,
      padding: this.padding,
      data_format: this.dataFormat,
      expand_dims: this.expandDims,
    };
  }
}
