import {collectGarbage} from '@keratin/native';
import {afterEach, describe, expect, it} from 'vitest';
import {
  DeviceError,
  getNumThreads,
  listPhysicalDevices,
  memory,
  ops,
  random,
  setNumThreads,
  trimMemory,
  withDevice,
} from './index.js';

describe('devices', () => {
  it('002-5 are one CPU; tensors are on it', () => {
    expect(listPhysicalDevices()).toEqual([{name: 'CPU:0', deviceType: 'CPU'}]);
    expect(listPhysicalDevices('CPU')).toHaveLength(1);
    expect(listPhysicalDevices('GPU')).toEqual([]);
    expect(() => listPhysicalDevices('TPU' as 'GPU')).toThrow('deviceType');
    const x = withDevice('CPU:0', () => random.uniform([2, 2]));
    expect(x.device).toBe('CPU:0');
    expect(withDevice('cpu', () => 1)).toBe(1);
    expect(withDevice('/device:CPU:0' as 'CPU', () => 2)).toBe(2);
  });

  it('000-9 a GPU is refused with a sentence', () => {
    expect(() => withDevice('gpu:0', () => 1)).toThrow(DeviceError);
    expect(() => withDevice('GPU:0', () => 1)).toThrow("withDevice: 'GPU:0' does not exist: Keratin computes on CPUs");
    expect(() => withDevice('CPU:1', () => 1)).toThrow("all cores together are the device 'CPU:0'");
    expect(() => withDevice('TPU' as 'CPU', () => 1)).toThrow("a device is named 'CPU:0' or 'GPU:0', got \"TPU\"");
  });
});

describe('threads', () => {
  const initial = getNumThreads();
  afterEach(() => setNumThreads(initial));

  it('can be changed', () => {
    setNumThreads(2);
    expect(getNumThreads()).toBe(2);
    for (const wrong of [0, 1.5, -1, NaN, 2000]) expect(() => setNumThreads(wrong)).toThrow('setNumThreads');
    expect(getNumThreads()).toBe(2);
  });
});

describe('memory', () => {
  it('counts tensors and bytes', () => {
    collectGarbage();
    const before = memory();
    const t = ops.zeros([1000]).add(1);
    expect(memory().numTensors).toBe(before.numTensors + 1);
    expect(memory().numBytes - before.numBytes).toBeGreaterThanOrEqual(4000);
    t.dispose();
    expect(memory()).toEqual(before);
    trimMemory();
    expect(memory().numTensors).toBeLessThanOrEqual(before.numTensors);
  });
});
