/** Base of every error that Keratin throws on purpose: one sentence that names the function, the rule and what was received. */
export class KeratinError extends Error {
  override readonly name: string = 'KeratinError';
}

/** Shapes, ranks or sizes that do not fit. */
export class ShapeError extends KeratinError {
  override readonly name = 'ShapeError';
}

/** Dtypes that do not mix, or values that a dtype cannot hold. */
export class DtypeError extends KeratinError {
  override readonly name = 'DtypeError';
}

/** A value outside of what an argument allows. */
export class ValueError extends KeratinError {
  override readonly name = 'ValueError';
}

/** An index outside of its axis. */
export class IndexError extends KeratinError {
  override readonly name = 'IndexError';
}

/** A tensor used after `dispose()`. */
export class DisposedError extends KeratinError {
  override readonly name = 'DisposedError';
}

/** An option, name or id that does not exist; the message names the nearest one. */
export class UnknownOptionError extends KeratinError {
  override readonly name = 'UnknownOptionError';
}

/** Something needs weights or a shape that are not there yet. */
export class NotBuiltError extends KeratinError {
  override readonly name = 'NotBuiltError';
}

/** The value of a symbolic tensor was asked for. */
export class SymbolicTensorError extends KeratinError {
  override readonly name = 'SymbolicTensorError';
}

/** A function that cannot be compiled as it is, or a tensor of one that is used outside of it. */
export class TraceError extends KeratinError {
  override readonly name = 'TraceError';
}

/** A gradient that does not exist or cannot be asked for. */
export class GradientError extends KeratinError {
  override readonly name = 'GradientError';
}

/** A device that this machine or this build does not have. */
export class DeviceError extends KeratinError {
  override readonly name = 'DeviceError';
}

/** A file that cannot be read as what it should be. */
export class FileFormatError extends KeratinError {
  override readonly name = 'FileFormatError';
}

/** Something was closed while an operation on it waited, or before. */
export class CancelledError extends KeratinError {
  override readonly name = 'CancelledError';
}

/** What is asked for has come to its end: a closed queue has too few elements. */
export class OutOfRangeError extends KeratinError {
  override readonly name = 'OutOfRangeError';
}

/** The iterator of a Dataset has no further element. */
export class EndOfSequenceError extends KeratinError {
  override readonly name = 'EndOfSequenceError';
}

/** A function of a Dataset's pipeline, or its source, failed: names the stage and the element, `cause` is what was thrown. */
export class PipelineError extends KeratinError {
  override readonly name = 'PipelineError';
}

/** A fault of Keratin itself. */
export class InternalError extends KeratinError {
  override readonly name = 'InternalError';
  constructor(message: string, options?: ErrorOptions) {
    super(`internal: ${message}`, options);
  }
}
