/** States of runs in one place: word, tone and whether something may still change. */

/** How a state looks. Every tone has its own icon too, so that none is told by colour alone. */
export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'wait' | 'idle';

interface State {
  label: string;
  tone: Tone;
  /** Whether the run has ended. */
  done: boolean;
}

const STATES: Record<string, State> = {
  dispatching: { label: 'Waiting', tone: 'wait', done: false },
  executing: { label: 'Running', tone: 'busy', done: false },
  stopping: { label: 'Stopping', tone: 'busy', done: false },
  execution_successful: { label: 'Succeeded', tone: 'good', done: true },
  execution_rejected: { label: 'Rows rejected', tone: 'warn', done: true },
  execution_failed: { label: 'Failed', tone: 'bad', done: true },
  deploy_failed: { label: 'Not started', tone: 'bad', done: true },
  terminated: { label: 'Stopped', tone: 'idle', done: true },
  terminated_timeout: { label: 'Timed out', tone: 'bad', done: true },
  terminated_shutdown: { label: 'Engine shut down', tone: 'bad', done: true },
  execution_misfired: { label: 'Not started', tone: 'bad', done: true },
  // States of the history.
  DISPATCHING_FLOW: { label: 'Waiting', tone: 'wait', done: false },
  STARTING_FLOW_EXECUTION: { label: 'Running', tone: 'busy', done: false },
  STOPPING_FLOW_EXECUTION: { label: 'Stopping', tone: 'busy', done: false },
  UNKNOWN: { label: 'Not heard of', tone: 'warn', done: false },
  EXECUTION_REJECTED: { label: 'Rows rejected', tone: 'warn', done: true },
  EXECUTION_TERMINATED: { label: 'Stopped', tone: 'idle', done: true },
  EXECUTION_TERMINATED_TIMEOUT: { label: 'Timed out', tone: 'bad', done: true },
  EXECUTION_MISFIRED: { label: 'Not started', tone: 'bad', done: true },
  DEPLOY_FAILED: { label: 'Not started', tone: 'bad', done: true },
  // States of steps of a plan run.
  WAITING: { label: 'Not reached', tone: 'idle', done: false },
  EXECUTION_EVENT_RECEIVED: { label: 'Waiting', tone: 'wait', done: false },
  STARTED: { label: 'Running', tone: 'busy', done: false },
  RUNNING: { label: 'Running', tone: 'busy', done: false },
  SUCCESS: { label: 'Succeeded', tone: 'good', done: true },
  EXECUTION_SUCCESS: { label: 'Succeeded', tone: 'good', done: true },
  PARTIAL_SUCCESS: { label: 'Partly succeeded', tone: 'warn', done: true },
  PROCEED: { label: 'Went on', tone: 'warn', done: true },
  FAIL: { label: 'Failed', tone: 'bad', done: true },
  EXECUTION_FAILED: { label: 'Failed', tone: 'bad', done: true },
  SKIPPED: { label: 'Skipped', tone: 'idle', done: true },
  UNDEFINED: { label: 'Not reached', tone: 'idle', done: false },
};

/** The state of a published status; one that is not known keeps its own word. */
export function stateOf(status: string | undefined): State {
  const known = status ? STATES[status] : undefined;
  if (known) return known;
  const words = (status ?? 'unknown').toLowerCase().replaceAll('_', ' ');
  return { label: words.charAt(0).toUpperCase() + words.slice(1), tone: 'idle', done: false };
}

/** What the filter of the run list offers. */
export const RUN_FILTERS = [
  'executing',
  'dispatching',
  'execution_failed',
  'execution_successful',
  'execution_rejected',
  'deploy_failed',
  'terminated',
  'terminated_timeout',
] as const;

/** The filters for what somebody should look at. */
export const WENT_WRONG = ['execution_failed', 'deploy_failed', 'terminated_timeout'] as const;

/** Whether a run ended in a way somebody should look at. */
export function wentWrong(status: string | undefined): boolean {
  const state = stateOf(status);
  return state.done && state.tone === 'bad';
}
