import type { JsonValue } from '@tidewall/base';
import { located } from './faults.ts';
import type { Transform } from './schema.ts';
import { compileCalc } from './steps/calc.ts';
import { compileFill } from './steps/fill.ts';
import { compileFilterStep } from './steps/filter.ts';
import { compileGroup } from './steps/group.ts';
import { compileJoin } from './steps/join.ts';
import { compileLimit } from './steps/limit.ts';
import { compileMap } from './steps/map.ts';
import { compilePivot } from './steps/pivot.ts';
import { compileRename } from './steps/rename.ts';
import { compileJsonata, compileScript } from './steps/sandboxed.ts';
import { compileSort } from './steps/sort.ts';
import type { RunStep, TransformServices } from './steps/step.ts';
import { compileTopN } from './steps/top-n.ts';
import { compileUnpivot } from './steps/unpivot.ts';
import { compileWindow } from './steps/window.ts';
import { Work } from './work.ts';

/** A pipeline that is ready to run, as often as there is data. The data is not changed. */
export type CompiledTransforms = (data: JsonValue) => JsonValue | Promise<JsonValue>;

/**
 * Steps that have been parsed, ready to run; the promise comes only where a step runs in the sandbox. A run fails with a
 * TidewallError that names the step and the first row that it cannot take.
 *
 * @throws TidewallError bad_request naming the step and the field that cannot work, and why
 */
export function compileSteps(steps: readonly Transform[], services: TransformServices = {}): CompiledTransforms {
  const compiled = steps.map((step, at) => {
    const place = `transforms[${at}]`;
    return { place, run: placed(place, () => compileStep(step, services)) };
  });

  function runFrom(first: number, input: JsonValue, work: Work): JsonValue | Promise<JsonValue> {
    let data = input;
    for (let at = first; at < compiled.length; at++) {
      const { place, run } = compiled[at] as { place: string; run: RunStep };
      const made = placed(place, () => run(data, work));
      if (made instanceof Promise) {
        return made.then(
          (value) => runFrom(at + 1, value, work),
          (failure) => {
            throw located(place, failure);
          },
        );
      }
      data = made;
    }
    return data;
  }

  return (data) => runFrom(0, data, new Work());
}

/** Whether steps answer at once and need nothing but the data, so that `applyTransforms` can run them. */
export function needNothing(steps: readonly Transform[]): boolean {
  return steps.every((step) => {
    switch (step.type) {
      case 'calc':
      case 'script':
      case 'jsonata':
        return false;
      case 'filter':
        return step.cel === undefined;
      case 'map':
        return Object.values(step.fields).every((field) => typeof field === 'string' || !('cel' in field));
      case 'join':
        return 'rows' in step.with;
      default:
        return true;
    }
  });
}

function compileStep(step: Transform, services: TransformServices): RunStep {
  const { cel, sandbox } = services;
  switch (step.type) {
    case 'map':
      return compileMap(step, cel);
    case 'filter':
      return compileFilterStep(step, cel);
    case 'sort':
      return compileSort(step);
    case 'limit':
      return compileLimit(step);
    case 'group':
      return compileGroup(step);
    case 'pivot':
      return compilePivot(step);
    case 'unpivot':
      return compileUnpivot(step);
    case 'rename':
      return compileRename(step);
    case 'calc':
      return compileCalc(step, cel);
    case 'window':
      return compileWindow(step);
    case 'topN':
      return compileTopN(step);
    case 'fill':
      return compileFill(step);
    case 'join':
      return compileJoin(step, services);
    case 'script':
      return compileScript(step, sandbox);
    case 'jsonata':
      return compileJsonata(step, sandbox);
  }
}

function placed<Made>(place: string, make: () => Made): Made {
  try {
    return make();
  } catch (failure) {
    throw located(place, failure);
  }
}
