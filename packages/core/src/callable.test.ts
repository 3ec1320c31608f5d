import {inspect} from 'node:util';
import {describe, expect, test} from 'vitest';
import {Callable, invoke} from './callable.js';

class Adder extends Callable {
  readonly name: string;
  #calls = 0;
  constructor(readonly by: number) {
    super();
    this.name = `add_${String(by)}`;
  }
  get calls(): number {
    return this.#calls;
  }
  [invoke](x: number): number {
    this.#calls += 1;
    return this.call(x);
  }
  call(x: number): number {
    return x + this.by;
  }
}

const called = (adder: Adder, x: number): unknown => Reflect.apply(adder as never, undefined, [x]);

describe('Callable', () => {
  test('an instance is called, and is an instance', () => {
    const adder = new Adder(2);
    expect(called(adder, 3)).toBe(5);
    expect(adder.calls).toBe(1);
    expect(adder).toBeInstanceOf(Adder);
    expect(adder.name).toBe('add_2');
    expect(adder.call(1)).toBe(3);
    expect('length' in adder).toBe(false);
  });

  test('is shown as an object of its class', () => {
    expect(inspect(new Adder(2))).toBe("Adder { by: 2, name: 'add_2' }");
  });
});
