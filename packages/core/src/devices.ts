import {addon, collectGarbage, memoryStats} from '@keratin/native';
import {DeviceError, ValueError} from './errors.js';
import {checkChoice, describe} from './suggest.js';

/** Something that computes. */
export interface PhysicalDevice {
  /** What `withDevice` takes: `'CPU:0'`. */
  readonly name: string;
  readonly deviceType: 'CPU' | 'GPU';
}

/** A device by kind and number, in any case. */
export type DeviceName =
  'CPU' | 'GPU' | `CPU:${number}` | `GPU:${number}` | Lowercase<'CPU' | 'GPU'> | `cpu:${number}` | `gpu:${number}`;

const CPU: PhysicalDevice = {name: 'CPU:0', deviceType: 'CPU'};

/** The devices that this build can use: one CPU (all of its cores), and no GPU yet. */
export function listPhysicalDevices(deviceType?: 'CPU' | 'GPU'): PhysicalDevice[] {
  if (deviceType === undefined) return [CPU];
  const kind = typeof deviceType === 'string' ? deviceType.toUpperCase() : deviceType;
  checkChoice('listPhysicalDevices', 'deviceType', kind, ['CPU', 'GPU']);
  return kind === 'CPU' ? [CPU] : [];
}

/**
 * Runs `fn` on a device and gives what it gives.
 * @throws DeviceError where this machine or this build does not have the device
 */
export function withDevice<T>(device: DeviceName, fn: () => T): T {
  const name = typeof device === 'string' ? device.toUpperCase() : describe(device);
  const [, kind, index] = /^(?:\/?DEVICE:)?(CPU|GPU)(?::(\d+))?$/.exec(name) ?? [];
  if (kind === undefined) {
    throw new DeviceError(`withDevice: a device is named 'CPU:0' or 'GPU:0', got ${describe(device)}`);
  }
  if (kind === 'GPU') {
    throw new DeviceError(`withDevice: '${name}' does not exist: Keratin computes on CPUs so far, use 'CPU:0'`);
  }
  if (Number(index ?? 0) !== 0) {
    throw new DeviceError(`withDevice: '${name}' does not exist: all cores together are the device 'CPU:0'`);
  }
  return fn();
}

/** How many threads kernels use: as many as the process may use cores, unless it was changed. */
export function getNumThreads(): number {
  return addon.numThreads();
}

/** Changes how many threads kernels use, of the whole process. Results do not depend on it. */
export function setNumThreads(numThreads: number): void {
  if (!Number.isInteger(numThreads) || numThreads < 1 || numThreads > 1024) {
    throw new ValueError(`setNumThreads: an integer from 1 to 1024 is needed, got ${describe(numThreads)}`);
  }
  addon.setNumThreads(numThreads);
}

/** What tensors of this thread hold at the moment; those that nobody uses any more count until they are collected. */
export function memory(): {readonly numTensors: number; readonly numBytes: number} {
  const {numBuffers, numBytes} = memoryStats();
  return {numTensors: numBuffers, numBytes};
}

/** Collects tensors that nobody uses and gives free memory back to the system, which otherwise is kept for new tensors. */
export function trimMemory(): void {
  collectGarbage();
  addon.trim();
}
