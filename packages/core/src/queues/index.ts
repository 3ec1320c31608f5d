/** Queues between producers and consumers: who waits, waits for a promise. */
export {type DTypes, type QueueElement, type QueueInput} from './components.js';
export {FIFOQueue, type QueueOptions} from './fifo-queue.js';
export {PaddingFIFOQueue, type PaddingQueueOptions} from './padding-fifo-queue.js';
export {PriorityQueue} from './priority-queue.js';
export {type CloseOptions, Queue} from './queue.js';
export {RandomShuffleQueue, type RandomShuffleQueueOptions} from './random-shuffle-queue.js';
