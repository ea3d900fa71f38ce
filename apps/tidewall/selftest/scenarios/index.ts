import type { Scenario } from '../scenario.ts';
import { convergence } from './convergence.ts';
import { fanOut } from './fan-out.ts';
import { freshness } from './freshness.ts';
import { leaks } from './leaks.ts';
import { logGap } from './log-gap.ts';
import { malformedFrames } from './malformed-frames.ts';
import { rate } from './rate.ts';
import { recoveryStorm } from './recovery-storm.ts';
import { slowClient } from './slow-client.ts';
import { views } from './views.ts';

/** In the order in which they run; the leak comes last, since it looks at what all of them have left. */
export const SCENARIOS: readonly Scenario[] = [
  fanOut,
  recoveryStorm,
  convergence,
  views,
  rate,
  slowClient,
  logGap,
  freshness,
  malformedFrames,
  leaks,
];
