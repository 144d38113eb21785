/** How an engine stands, of the two views that the server gives: the published one, and what is on it. */

import type { Engine, EngineWork } from '../api/queries';
import { infra } from '../texts/infra';

/** What matters first: one that is not paired cannot be there, a drained one takes nothing whether it is there or not. */
export type EngineState = 'available' | 'drained' | 'away' | 'unpaired';

/** Whether an engine can work. */
export function engineState(
  engine: Pick<Engine, 'status' | 'availability'>,
  work: Pick<EngineWork, 'drain'> | undefined,
): EngineState {
  if (engine.status !== 'PAIRED') return 'unpaired';
  if (work?.drain) return 'drained';
  return engine.availability === 'AVAILABLE' ? 'available' : 'away';
}

/** What an engine has that is not over, such as `2 runs and 1 test run`; none when there is nothing. */
export function leftOn(work: Pick<EngineWork, 'runs' | 'testRuns'> | undefined): string | undefined {
  const { runs, testRuns } = work ?? { runs: 0, testRuns: 0 };
  const parts = [runs > 0 && infra.drain.runs(runs), testRuns > 0 && infra.drain.tests(testRuns)];
  return parts.filter(Boolean).join(infra.drain.and) || undefined;
}
