/** An element for a worker thread. */
export interface Question {
  readonly id: number;
  readonly index: number;
  readonly content: unknown;
}

/** What it made of it, or why it failed. */
export type Answer =
  | {readonly id: number; readonly content: unknown}
  | {
      readonly id: number;
      readonly error: {readonly name: string; readonly message: string; readonly stack: string | undefined};
    };
