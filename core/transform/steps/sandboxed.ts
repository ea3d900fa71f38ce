import type { JsonValue } from '@tidewall/base';
import { badStep } from '../faults.ts';
import type { TransformOf } from '../schema.ts';
import { bounded } from '../shape.ts';
import type { RunStep, Sandbox } from './step.ts';

/** The whole data through JavaScript. @throws TidewallError bad_request where there is no sandbox */
export function compileScript({ code }: TransformOf<'script'>, sandbox: Sandbox | undefined): RunStep {
  if (sandbox === undefined) throw badStep('', 'script runs only on the server');
  return async (data) => made(await sandbox.script(code, data));
}

/** The whole data through JSONata. @throws TidewallError bad_request where there is no sandbox */
export function compileJsonata({ expression }: TransformOf<'jsonata'>, sandbox: Sandbox | undefined): RunStep {
  if (sandbox === undefined) throw badStep('', 'jsonata runs only on the server');
  return async (data) => made(await sandbox.jsonata(expression, data));
}

function made(data: JsonValue): JsonValue {
  return Array.isArray(data) ? bounded(data) : data;
}
