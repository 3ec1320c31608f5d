import {nativeFigure} from './native-program.js';

/** GB/s that this machine's memory moves now where four streams are read and three of them written, as an optimizer's pass does. */
export const memoryBandwidth = (threads: number): number => nativeFigure('memory-bandwidth', [String(threads)]);
