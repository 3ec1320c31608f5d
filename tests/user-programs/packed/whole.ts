// What must not depend on the packages being bundled: names, one copy of each class, files that are loaded late, and threads.
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import * as core from '@keratin/core';
import * as layersPackage from '@keratin/layers';
import * as models from '@keratin/models';
import * as keratin from 'keratin';
import {
  data,
  Input,
  jit,
  layers,
  loadModel,
  loadProgram,
  modelFromYaml,
  ops,
  Sequential,
  strings,
  tensor,
} from 'keratin';
import {exportedNames} from './exported-names.js';

const folder = await mkdtemp(join(tmpdir(), 'keratin-packed-'));
try {
  const model = new Sequential([Input({shape: [3]}), new layers.Dense(2, {activation: 'relu'})]);
  const x = ops.ones([1, 3]);
  const expected = (await model.predict(x, {verbose: 0})).array();

  // HDF5 in a thread, ZIP, and schemas of zod.
  await model.save(join(folder, 'model.keras'));
  const again = await loadModel(join(folder, 'model.keras'));
  await model.saveWeights(join(folder, 'model.weights.h5'));
  await again.loadWeights(join(folder, 'model.weights.h5'));
  const loaded = (await again.predict(x, {verbose: 0})).array();

  const double = jit((value: core.Tensor) => value.mul(2));
  double(x);
  await double.export(join(folder, 'double.safetensors'));
  const program = await loadProgram(join(folder, 'double.safetensors'));

  const mapped: number[] = [];
  const rows = data.Dataset.fromTensorSlices([0, 1, 2, 3]);
  for await (const value of rows.map((i) => i.mul(10), {workers: 1})) mapped.push(value.item());

  console.log(
    JSON.stringify({
      names: exportedNames(keratin),
      sameClasses: [
        model instanceof models.Model,
        keratin.Model === models.Model,
        keratin.layers.Dense === layersPackage.layers.Dense,
        keratin.Tensor === core.Tensor,
        x instanceof core.Tensor,
      ],
      sameValues: JSON.stringify(loaded) === JSON.stringify(expected),
      program: String((program(x) as core.Tensor).sum().item()),
      yaml: modelFromYaml(model.toYaml()).layers.map(({constructor: {name}}) => name),
      mapped,
      hash: strings.toHashBucketFast(tensor(['a']), 10).shape,
    }),
  );
} finally {
  await rm(folder, {recursive: true});
}
