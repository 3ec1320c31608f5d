import {type Variable} from '@keratin/core';

/** A state that an optimizer keeps for each variable. */
export interface SlotSpec {
  /** What it starts as: a number throughout (default 0), or the variable's value. */
  readonly initial?: number | 'variable' | undefined;
  /** Its shape. Default: the variable's. */
  readonly shape?: readonly number[] | undefined;
  /** Its path. Default: the optimizer's name, the variable's path and the slot's name. */
  readonly path?: string | undefined;
}

/** Slots by name, in groups: those of one group lie side by side for each variable, groups follow one another. */
export type SlotGroups<S extends string> = readonly Readonly<Partial<Record<S, SlotSpec>>>[];

/** A variable's slots; optional ones are there if the options ask for them. */
export type Slots<S extends string, P extends string = never> = Readonly<Record<S, Variable>> &
  Readonly<Partial<Record<P, Variable>>>;
