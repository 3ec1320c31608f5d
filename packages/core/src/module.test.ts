import {describe, expect, it} from 'vitest';
import {Module, Variable} from './index.js';

class Line extends Module {
  slope = new Variable(1, {name: 'slope'});
  offset = new Variable(0, {name: 'offset', trainable: false});
}

describe('Module', () => {
  it('002-3 collects Variables of fields and arrays', () => {
    class Notes extends Module {
      v0 = new Variable(1);
      vs = [0, 1].map((i) => new Variable(i, {dtype: 'int32'}));
    }
    const notes = new Notes();
    expect(notes.variables).toHaveLength(3);
    [notes.v0, ...notes.vs].forEach((variable, i) => expect(notes.variables[i]).toBe(variable));
    expect(notes.submodules).toEqual([]);
  });

  it('collects each once, from modules, Maps, Sets, objects and what has variables', () => {
    const layer = Object.assign(() => 0, {variables: [new Variable(1, {name: 'kernel'})]});
    class Net extends Module {
      lines = [new Line(), new Line()];
      again = this.lines[0];
      byName = new Map([['m', new Variable(1, {name: 'm'})]]);
      set = new Set([new Variable(1, {name: 's'})]);
      object = {deep: [new Variable(1, {name: 'o'})]};
      layer = layer;
      self: Module = this;
      rate = 0.1;
    }
    const net = new Net();
    const names = net.variables.map(({name}) => name);
    expect(names).toEqual(['slope', 'offset', 'slope', 'offset', 'm', 's', 'o', 'kernel']);
    expect(net.trainableVariables.map(({name}) => name)).toEqual(['slope', 'slope', 'm', 's', 'o', 'kernel']);
    expect(net.submodules).toEqual(net.lines);
  });

  it('sees what is added later', () => {
    const line = new Line();
    Object.assign(line, {more: new Variable(1)});
    expect(line.variables).toHaveLength(3);
  });
});
