export { SANDBOX_LIMITS, type SandboxLimits } from './limits.ts';
export { ScriptSandbox, type ScriptSandboxOptions } from './script-sandbox.ts';
export type { WorkerCode } from './worker-code.ts';
