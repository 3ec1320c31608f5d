// 12-misuse.ts without the data pipeline: compiled, not run.
import {tensor, layers, Sequential, optimizers, Variable, GradientTape} from 'keratin';
const m = new Sequential();
// @ts-expect-error misspelt id
m.compile({optimizer: 'adamm'});
m.compile({optimizer: 'Custom>MyOptimizer'});
// @ts-expect-error unknown option
new layers.Dense(3, {activaton: 'relu'});
// @ts-expect-error required argument
new layers.Dense();
const t = tensor([1, 2]);
// @ts-expect-error not a slice
t.at('a:b');
// @ts-expect-error tensors do not change
t.at(0).assign(1);
// @ts-expect-error tensors do not change
t[0] = 1;
new Variable([1]).at(0).assign(3);
// @ts-expect-error dtype classes do not mix
t.add(tensor([1n]));
// @ts-expect-error no await inside a tape
new GradientTape().record(async () => t);
// @ts-expect-error optimizer options are closed
new optimizers.Adam({lr: 0.1});
const c = m.compile({loss: 'mse', metrics: ['accuracy']});
// @ts-expect-error misspelt log
(await c.evaluate(t, t)).acuracy;
// @ts-expect-error no validation was asked for
(await c.fit(t, t)).history.val_loss;
// @ts-expect-error a floating Promise has no history
c.fit(t, t).history;
if (t.greater(1)) console.log('always true: nothing complains');
