import {type Config, ops, type Shape, ShapeError, slice, tensor, type Tensor, ValueError} from '@keratin/core';
import {describe, isSymbolic, show, symbolicTensor} from '@keratin/core/internal';
import {checkBoolean, checkChoice, checkCount, checkNumber} from '../../layer/arguments.js';
import {Layer} from '../../layer/layer.js';
import {type LayerOptions} from '../../layer/types.js';

/** Options of {@link MelSpectrogram}. */
export interface MelSpectrogramOptions extends LayerOptions {
  /** Points of the transform. Default 2048. */
  fftLength?: number | undefined;
  /** Points from one frame to the next. Default 512. */
  sequenceStride?: number | undefined;
  /** Points of a frame. Default: fftLength. */
  sequenceLength?: number | null | undefined;
  /** Default `'hann'`. */
  window?: 'hann' | 'hamming' | undefined;
  /** Points a second. Default 16000. */
  samplingRate?: number | undefined;
  /** Bands of frequencies. Default 128. */
  numMelBins?: number | undefined;
  /** The lowest frequency, in hertz. Default 20. */
  minFreq?: number | undefined;
  /** The highest frequency, in hertz. Default: half the sampling rate. */
  maxFreq?: number | null | undefined;
  /** Whether the outputs are in decibel. Default true. */
  powerToDb?: boolean | undefined;
  /** The greatest difference in decibel; what is lower is raised. Default 80. */
  topDb?: number | undefined;
  /** The power of the magnitude. Default 2. */
  magExp?: number | undefined;
  /** The least power in decibel. Default 1e-10. */
  minPower?: number | undefined;
  /** The power that is 0 decibel. Default 1. */
  refPower?: number | undefined;
}

/**
 * Spectra of overlapping frames of signals in bands as the ear hears them: (time) or (batch, time) gives (..., numMelBins, frames).
 * Computed in float32 or float64.
 */
export class MelSpectrogram extends Layer {
  readonly fftLength: number;
  readonly sequenceStride: number;
  readonly sequenceLength: number;
  readonly window: 'hann' | 'hamming';
  readonly samplingRate: number;
  readonly numMelBins: number;
  readonly minFreq: number;
  readonly maxFreq: number;
  readonly powerToDb: boolean;
  readonly topDb: number;
  readonly magExp: number;
  readonly minPower: number;
  readonly refPower: number;

  constructor(options: MelSpectrogramOptions = {}) {
    super(options, [
      'fftLength',
      'sequenceStride',
      'sequenceLength',
      'window',
      'samplingRate',
      'numMelBins',
      'minFreq',
      'maxFreq',
      'powerToDb',
      'topDb',
      'magExp',
      'minPower',
      'refPower',
    ]);
    const where = 'MelSpectrogram';
    this.fftLength = checkCount(where, 'fftLength', options.fftLength ?? 2048);
    this.sequenceStride = checkCount(where, 'sequenceStride', options.sequenceStride ?? 512);
    this.sequenceLength = checkCount(where, 'sequenceLength', options.sequenceLength ?? this.fftLength);
    if (this.fftLength < this.sequenceLength) {
      throw new ValueError(
        `${where}: fftLength must be at least sequenceLength ${String(this.sequenceLength)}, got ${describe(options.fftLength)}`,
      );
    }
    this.window = checkChoice(where, 'window', options.window ?? 'hann', ['hann', 'hamming']);
    this.samplingRate = checkCount(where, 'samplingRate', options.samplingRate ?? 16000);
    this.numMelBins = checkCount(where, 'numMelBins', options.numMelBins ?? 128);
    this.minFreq = checkNumber(where, 'minFreq', options.minFreq ?? 20, 0);
    this.maxFreq = checkNumber(where, 'maxFreq', options.maxFreq ?? Math.trunc(this.samplingRate / 2), this.minFreq);
    this.powerToDb = checkBoolean(where, 'powerToDb', options.powerToDb ?? true);
    this.topDb = checkNumber(where, 'topDb', options.topDb ?? 80);
    this.magExp = checkNumber(where, 'magExp', options.magExp ?? 2);
    this.minPower = checkNumber(where, 'minPower', options.minPower ?? 1e-10, 0);
    this.refPower = checkNumber(where, 'refPower', options.refPower ?? 1);
  }

  override call(inputs: Tensor): Tensor {
    if (inputs.ndim !== 1 && inputs.ndim !== 2) {
      throw new ShapeError(`${this.path}: signals are (time,) or (batch,time), got inputs ${show(inputs.shape)}`);
    }
    const [time = null] = inputs.shape.slice(-1);
    if (time !== null && time <= this.fftLength / 2) {
      throw new ShapeError(
        `${this.path}: signals are mirrored at their ends, so that they must have more than fftLength / 2 = ${String(this.fftLength / 2)} points, got inputs ${show(inputs.shape)}`,
      );
    }
    const compute = this.computeDtype as 'float32';
    if (isSymbolic(inputs)) return symbolicTensor({shape: this.computeOutputShape(inputs.shape), dtype: compute});
    const dtype = (compute as string) === 'float64' ? 'float64' : 'float32';
    const x = inputs.dtype === dtype ? inputs : ops.cast(inputs, dtype);
    const [re, im] = ops.stft(x, this.sequenceLength, this.sequenceStride, this.fftLength, {window: this.window});
    const magnitude = ops.sqrt(re.square().add(im.square()));
    const bands = ops.matmul(ops.power(magnitude, this.magExp), this.#filters(re.dim(-1), dtype));
    const scaled = this.powerToDb ? this.#decibel(bands) : bands;
    const turned = ops.swapaxes(scaled, -1, -2);
    return turned.dtype === compute ? turned : ops.cast(turned, compute);
  }

  /** [bins of the transform, mel bins]: triangles that overlap by half, equally wide in mel. In float32, whose rounding shows in narrow bands. */
  #filters(bins: number, dtype: 'float32' | 'float64'): Tensor {
    const edges = ops.linspace(mel(tensor(this.minFreq)), mel(tensor(this.maxFreq)), this.numMelBins + 2);
    const [low, center, high] = [0, 1, 2].map((i) => edges.at(slice(i, i + this.numMelBins))) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    // The band of frequency 0 counts nowhere.
    const at = mel(ops.linspace(0, this.samplingRate / 2, bins).at(slice(1))).reshape([-1, 1]);
    const rising = at.sub(low).div(center.sub(low));
    const falling = high.sub(at).div(high.sub(center));
    const weights = ops.maximum(ops.minimum(rising, falling), 0);
    return ops.cast(
      ops.pad(weights, [
        [1, 0],
        [0, 0],
      ]),
      dtype,
    );
  }

  #decibel(power: Tensor): Tensor {
    const reference = 10 * Math.log10(Math.max(Math.abs(this.refPower), this.minPower));
    const level = ops.log10(ops.maximum(power, this.minPower)).mul(10).sub(reference);
    return ops.maximum(level, ops.max(level).sub(this.topDb));
  }

  override computeOutputShape(inputShape: Shape): Shape {
    const time = inputShape.at(-1) ?? null;
    const frames = time === null ? null : Math.floor((time + this.sequenceStride + 1) / this.sequenceStride);
    return [...inputShape.slice(0, -1), this.numMelBins, frames];
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      fft_length: this.fftLength,
      sequence_stride: this.sequenceStride,
      sequence_length: this.sequenceLength,
      window: this.window,
      sampling_rate: this.samplingRate,
      num_mel_bins: this.numMelBins,
      min_freq: this.minFreq,
      max_freq: this.maxFreq,
      power_to_db: this.powerToDb,
      top_db: this.topDb,
      mag_exp: this.magExp,
      min_power: this.minPower,
      ref_power: this.refPower,
    };
  }
}

/** Hertz as mel (O'Shaughnessy, 1987). */
const mel = (hertz: Tensor): Tensor => ops.log(hertz.div(700).add(1)).mul(1127);
