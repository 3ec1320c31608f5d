import {readFileSync, writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {toOptionName} from '@keratin/core/internal';
import {golden} from './testing/golden-layers.js';
import {layers} from './index.js';

// docs/layers.md says which layers of Keras there are, with which options, and how many recorded cases test them. It is made from what
// is here: `KERATIN_UPDATE_DOCS=1` writes it anew.

interface KerasLayer {
  readonly name: string;
  readonly kind: 'class' | 'function';
  readonly parameters?: readonly string[];
  readonly aliases?: readonly string[];
}

const keras = JSON.parse(readFileSync(new URL('../../../tests/golden/keras-layers.json', import.meta.url), 'utf8')) as {
  readonly source: string;
  readonly layers: readonly KerasLayer[];
};

/** Classes that wrap models of other Python libraries. */
const MEANINGLESS: Readonly<Record<string, string>> = {
  FlaxLayer: 'wraps a module of Flax',
  JaxLayer: 'wraps a function of JAX',
  TFSMLayer: 'wraps a SavedModel of TensorFlow',
  TorchModuleWrapper: 'wraps a module of PyTorch',
  InputSpec: 'a type here: `InputSpec` of `keratin`',
};

/** Arguments of Keras that are not options here, with the reason. */
const OTHERWISE: Readonly<Record<string, string>> = {
  name: 'every layer has it',
  dtype: 'every layer has it',
  trainable: 'every layer has it',
  activity_regularizer: 'every layer has it',
  quantization_config: 'read from files, always null',
  gptq_unpacked_column_size: 'of quantized layers',
  use_cudnn: 'accepted, of no effect on a CPU',
  synchronized: 'there is one device',
};

/** Options that Keras does not write into configs. */
const NOT_IN_CONFIGS: Readonly<Record<string, string>> = {
  'Bidirectional.weights': 'tested in options.test.ts',
  'Embedding.weights': 'tested in options.test.ts',
  'Embedding.lora_rank': 'tested in options.test.ts',
  'Embedding.lora_alpha': 'tested in options.test.ts',
  'EinsumDense.lora_rank': 'tested in options.test.ts',
  'EinsumDense.lora_alpha': 'tested in options.test.ts',
  'GroupQueryAttention.flash_attention': 'tested in mistakes.test.ts',
  'MultiHeadAttention.flash_attention': 'tested in mistakes.test.ts',
  'RandomGrayscale.seed': 'tested beside the preprocessing layers',
  'SimpleRNN.seed': 'tested in options.test.ts',
  'CategoryEncoding.sparse': 'outputs are dense',
};

const document = new URL('../../../docs/layers.md', import.meta.url);

function row({name, kind, parameters = [], aliases = []}: KerasLayer): string {
  const cases = golden.cases.filter(
    ({class_name: one}) => one === name || (layers as object as Names)[one] === made(name),
  );
  const also = aliases.length === 0 ? '' : ` (also ${aliases.map((alias) => `\`${alias}\``).join(', ')})`;
  if (name in MEANINGLESS) return `| \`${name}\` | not here: ${MEANINGLESS[name] ?? ''} | |`;
  if (kind === 'function') return `| \`${name}\` | function | |`;
  const options = parameters.filter((key) => !(key in OTHERWISE)).map((key) => `\`${toOptionName(key)}\``);
  return `| \`${name}\`${also} | ${options.join(', ')} | ${cases.length === 0 ? '' : String(cases.length)} |`;
}

type Names = Readonly<Record<string, unknown>>;
const made = (name: string): unknown => (layers as Names)[name];

function table(): string {
  const absent = keras.layers.filter(({name}) => !(name in layers) && !(name in MEANINGLESS)).map(({name}) => name);
  return [
    '# Layers',
    '',
    `What there is of Keras (${keras.source.replace(/:.*/, '')}), with the arguments of each class under their names here; every layer also takes \`name\`, \`dtype\`, \`trainable\` and \`activityRegularizer\`. The last column counts the cases recorded from Keras that test it: outputs, masks, losses, weights and gradients. This page is made by \`packages/layers/src/support.test.ts\`.`,
    '',
    '| Layer | Options | Recorded cases |',
    '| --- | --- | --- |',
    ...keras.layers.filter(({name}) => !absent.includes(name)).map(row),
    '',
    absent.length === 0 ? 'No layer of Keras is absent.' : `Absent: ${absent.map((name) => `\`${name}\``).join(', ')}.`,
    '',
  ].join('\n');
}

test('docs/layers.md says what is here', () => {
  const text = table();
  if (process.env['KERATIN_UPDATE_DOCS'] === '1') writeFileSync(document, text);
  expect(readFileSync(document, 'utf8')).toBe(text);
});

test('every alias is exported', () => {
  for (const {name, aliases = []} of keras.layers) {
    if (!(name in layers)) continue;
    for (const alias of aliases) expect(made(alias), alias).toBe(made(name));
  }
});

// The configs of the recorded cases, which come back as they were, hold the options; what they do not hold is checked here.
test('every argument of Keras is in the recorded configs or has a reason', () => {
  const missing = keras.layers.flatMap(({name, kind, parameters = []}) => {
    if (kind === 'function' || name in MEANINGLESS || !(name in layers)) return [];
    const configs = golden.cases.filter(({class_name: one}) => made(one) === made(name));
    if (configs.length === 0) return [];
    const keys = new Set(configs.flatMap(({config}) => Object.keys((config.config ?? {}) as object)));
    return parameters
      .filter((key) => !keys.has(key) && !(key in OTHERWISE) && !(`${name}.${key}` in NOT_IN_CONFIGS))
      .map((key) => `${name}.${key}`);
  });
  expect(missing).toEqual([]);
});
