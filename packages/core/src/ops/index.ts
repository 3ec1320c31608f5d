/** Every operation, under Keras's names in camelCase. */
export * from './create.js';
export * from './elementwise.js';
export * from './gradient.js';
export * from './linalg.js';
export * from './nn.js';
export * from './reduction.js';
export * from './shape.js';
