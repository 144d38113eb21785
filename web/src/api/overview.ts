/** What the overview reads. */

import { WENT_WRONG } from '../texts/status';
import { runPage, type ScopeQuery, upcoming } from './queries';

/** Runs of each kind that are shown. */
export const SHOWN = 6;
const HOURS = 24;

/** How many runs are at work. */
export const atWork = (scope: ScopeQuery) => runPage({ ...scope, status: 'executing' }, 0, 1);

/** What waits. */
export const waiting = (scope: ScopeQuery) => runPage({ ...scope, status: 'dispatching' }, 0, SHOWN);

/** What went wrong within a day, by each way in which it can. */
export const wrong = (scope: ScopeQuery) =>
  WENT_WRONG.map((status) => runPage({ ...scope, status, lastDays: 1 }, 0, SHOWN));

/** Whether there ever was a run. */
export const ever = (scope: ScopeQuery) => runPage(scope, 0, 1);

/** What comes within a day. */
export const next = (scope: ScopeQuery) => upcoming(scope, HOURS);
