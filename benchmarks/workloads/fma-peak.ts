import {nativeFigure} from './native-program.js';

/** GFLOP/s that this machine's fused multiply-adds reach now. */
export const fmaPeak = (threads: number): number => nativeFigure('fma-peak', [String(threads)]);
