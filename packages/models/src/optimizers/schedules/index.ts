/** Learning rates that follow the step. */
export {LearningRateSchedule} from './schedule.js';
