import {type Config} from '@keratin/core';
import {type F1ScoreOptions, FBetaScore} from './fbeta-score.js';
import {baseOptions} from './metric.js';

/** Precision and recall in one, weighing the same: `2 precision recall / (precision + recall)`. */
export class F1Score<const N extends string = 'f1_score'> extends FBetaScore<N> {
  constructor(options: F1ScoreOptions<N> = {}) {
    super(baseF1Options(options));
  }

  override getConfig(): Config {
    const {beta: _, ...config} = super.getConfig();
    return config;
  }
}

function baseF1Options<N extends string>(options: F1ScoreOptions<N>): F1ScoreOptions<N> {
  const base = baseOptions('F1Score', options, 'f1_score', ['average', 'threshold']);
  return {...base, average: options.average, threshold: options.threshold};
}
