export type { ElementHealth } from './element-health.ts';
export { browserFrames, type FrameSource } from './frame-source.ts';
export type { LoadComponent, LoadedComponent } from './loaded-component.ts';
export { FRAME_BUDGET_MS, type FrameTask, Scheduler, type SchedulerOptions } from './scheduler.ts';
export {
  createScreenRuntime,
  HIDDEN_RATE_HZ,
  type ScreenRuntime,
  type ScreenRuntimeOptions,
} from './screen-runtime.ts';
export { builtinThemes, defaultTheme } from './themes/index.ts';
