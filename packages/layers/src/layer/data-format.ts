import {checkChoice} from './arguments.js';

/** Where the channels of images are: (batch, height, width, channels) or (batch, channels, height, width). */
export type DataFormat = 'channels_last' | 'channels_first';

export const DATA_FORMATS = ['channels_last', 'channels_first'] as const;

/** The option as given, or channels last. */
export const dataFormatOf = (where: string, value: unknown): DataFormat =>
  checkChoice(where, 'dataFormat', value ?? 'channels_last', DATA_FORMATS);
