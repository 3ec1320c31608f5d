/** Keras's `ops.linalg`: linear algebra under its own name. */
export {cholesky, choleskyInverse, eig, eigh, luFactor, qr, svd} from './factorization.js';
export {jvp} from './forward.js';
export {norm} from './norm.js';
export {det, inv, lstsq, matrixPower, matrixRank, pinv, solve, solveTriangular} from './solve.js';
