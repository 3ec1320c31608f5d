import {ops} from '@keratin/core';
import {layers} from '@keratin/layers';
import {afterEach, describe, expect, test, vi} from 'vitest';
import {Sequential} from '../model/sequential.js';
import * as optimizers from '../optimizers/index.js';
import {readGolden} from '../testing/golden.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('what is printed', () => {
  interface Printed {
    id: string;
    kind?: 'fit' | 'clock';
    verbose: 1 | 2;
    args: {epochs?: number; validation_data?: string};
    samples: number;
    batch_size: number;
    target: number;
    lines: string[];
  }
  const cases = readGolden<Printed>('progress').cases.filter(({kind}) => kind === 'fit');

  test.each(cases)('$id', async ({id, verbose, args, samples, batch_size: batchSize, target, lines}) => {
    const model = new Sequential([new layers.Dense(1, {kernelInitializer: 'zeros', inputShape: [2]})]).compile({
      optimizer: new optimizers.SGD(1e-30),
      loss: 'mse',
      metrics: ['mae'],
    });
    const x = ops.ones([samples, 2]);
    const y = ops.full([samples, 1], target);
    let printed = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
    if (id.startsWith('evaluate')) await model.evaluate(x, y, {batchSize, verbose});
    else {
      const validationData = args.validation_data === undefined ? undefined : ([x, y] as const);
      await model.fit(x, y, {batchSize, verbose, epochs: args.epochs, validationData});
    }
    vi.restoreAllMocks();
    expect(printed.replaceAll(/\d+(?:us|ms|s)\b/g, '<T>')).toBe(lines.map((line) => `${line}\n`).join(''));
  });
});

test('a terminal never shows values of the validation as those of training', async () => {
  vi.stubEnv('CI', '');
  vi.stubEnv('NO_COLOR', '1');
  const {stdout} = process;
  const [tty, columns] = [
    Object.getOwnPropertyDescriptor(stdout, 'isTTY'),
    Object.getOwnPropertyDescriptor(stdout, 'columns'),
  ];
  Object.defineProperty(stdout, 'isTTY', {value: true, configurable: true});
  Object.defineProperty(stdout, 'columns', {value: 200, configurable: true});
  let printed = '';
  vi.spyOn(stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  try {
    const model = new Sequential([new layers.Dense(1, {kernelInitializer: 'zeros', inputShape: [2]})]).compile({
      optimizer: new optimizers.SGD(1e-30),
      loss: 'mse',
    });
    const x = ops.ones([8, 2]);
    // A slow validation, so that the bar is drawn while it runs.
    async function* slow() {
      for (let i = 0; i < 3; i++) {
        await new Promise((resolve) => setTimeout(resolve, 150));
        yield [x, ops.full([8, 1], 3)];
      }
    }
    await model.fit(x, ops.ones([8, 1]), {batchSize: 4, validationData: slow, verbose: 1});
  } finally {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    for (const [name, descriptor] of [
      ['isTTY', tty],
      ['columns', columns],
    ] as const) {
      if (descriptor === undefined) Reflect.deleteProperty(stdout, name);
      else Object.defineProperty(stdout, name, descriptor);
    }
  }
  expect(printed).toContain('2/2');
  expect(printed).toContain('val_loss: 9.0000');
  expect(printed).not.toMatch(/ loss: 9/);
});
