import {expect, it} from 'vitest';
import {fillTemplate, placeholders} from './template.js';

const values = {epoch: 3, batch: 12, loss: 0.015625, acc: 0.5, big: 1234.5, neg: -0.25};
const fill = (template: string) => fillTemplate('ModelCheckpoint', template, values, new Set(['epoch', 'batch']));

it.each([
  ['w.safetensors', 'w.safetensors'],
  ['{epoch:02d}-{loss:.2f}.safetensors', '03-0.02.safetensors'],
  ['{epoch:>4}_{loss:e}_{loss:.3g}_{acc:06.3f}', '   3_1.562500e-02_0.0156_00.500'],
  ['{big:e}_{big:.3g}_{big:g}_{big}', '1.234500e+03_1.23e+03_1234.5_1234.5'],
  ['{epoch}b{batch:*<4}|{neg:+.1f}|{acc:+.1f}|{acc:.0%}|{neg:^8.2f}|{loss:.3}', '3b12**|-0.2|+0.5|50%| -0.25  |0.0156'],
])('%s', (template, text) => expect(fill(template)).toBe(text));

it('names what is missing', () => {
  expect(() => fill('{epoch}-{val_loss}.safetensors')).toThrow(
    'ModelCheckpoint: the file path "{epoch}-{val_loss}.safetensors" names "val_loss", which the logs do not have; they have epoch, batch, loss, acc, big, neg',
  );
  expect(() => fill('{loss:02d}')).toThrow(
    'ModelCheckpoint: the format "02d" is for whole numbers, the value is 0.015625',
  );
  expect(() => fill('{loss:abc}')).toThrow('ModelCheckpoint: "abc" is not a number format');
  expect(placeholders('a{epoch:02d}-{val_loss}')).toEqual(['epoch', 'val_loss']);
});
