/** Every text of the page of settings: what each setting is called and does, in words of people who run jobs. */

import { duration } from './time';

interface SettingText {
  label: string;
  hint: string;
  /** What its number counts, after the number. */
  unit?: (count: number) => string;
  /** What 0 means, where it is more than nothing. */
  zero?: string;
  /** What its words mean. */
  words?: Record<string, string>;
}

const plural = (one: string, many: string) => (count: number) => (count === 1 ? one : many);
const seconds = plural('second', 'seconds');
const days = plural('day', 'days');

/** By name of the setting. */
const SETTINGS: Record<string, SettingText> = {
  engineSilenceSeconds: {
    label: 'An engine is away after',
    hint: 'An engine that is not heard of for so long shows as not available. Runs that it has go on.',
    unit: seconds,
  },
  pollSeconds: {
    label: 'An idle engine is heard of every',
    hint: 'How long the request of an idle engine is held. A proxy in between must wait longer than that.',
    unit: seconds,
  },
  leaseSeconds: {
    label: 'A run is unknown after',
    hint: 'When the engine of a run is silent for so long, the run shows as unknown until it is heard of again.',
    unit: seconds,
  },
  deployWaitSeconds: {
    label: 'A run waits for an engine that is away',
    hint: 'After that it ends as not deployed. Runs that wait already keep the term they began with.',
    unit: seconds,
  },
  lostRunSeconds: {
    label: 'An unknown run is given up after',
    hint: 'It ends as failed then. With a shorter time, runs that have been unknown for longer end at once.',
    unit: seconds,
  },
  lateStartSeconds: {
    label: 'A scheduled start may be late by',
    hint: 'For example after the server was off. What is later is written down as missed and does not run.',
    unit: seconds,
  },
  activeRuns: {
    label: 'Runs at once',
    hint: 'Runs and plan runs that may be active together. With a lower limit, what is active goes on.',
    unit: plural('run', 'runs'),
    zero: 'no limit',
  },
  activeRunsFull: {
    label: 'A start beyond that',
    hint: 'What becomes of a start when as many runs are active as may be.',
    words: { skip: 'ends at once, with the reason', wait: 'waits for room' },
  },
  scheduledStartsPerMinute: {
    label: 'Scheduled starts in a minute',
    hint: 'Further ones stay due and follow, as long as they may be late.',
    unit: plural('start', 'starts'),
    zero: 'no limit',
  },
  planStartsPerHour: {
    label: 'Starts of one plan in an hour',
    hint: 'Further ones are refused. Plan runs that have begun go on.',
    unit: plural('start', 'starts'),
    zero: 'no limit',
  },
  triggers: {
    label: 'Triggers of time in all',
    hint: 'With a lower limit, those that are there stay and fire; only new ones are refused.',
    unit: plural('trigger', 'triggers'),
    zero: 'no limit',
  },
  tasksAndPlans: {
    label: 'Tasks and plans together',
    hint: 'With a lower limit, those that are there stay and run; only new ones are refused.',
    unit: plural('task or plan', 'tasks and plans'),
    zero: 'no limit',
  },
  keepLogsDays: {
    label: 'Log lines are kept for',
    hint: 'Counted from the end of their run. Runs, their history and the audit trail are always kept.',
    unit: days,
    zero: 'for ever',
  },
  requestsPerMinute: {
    label: 'Requests of one caller in a minute',
    hint: 'Of each kind of call, counted by each server for itself. This console is a caller too.',
    unit: plural('request', 'requests'),
    zero: 'no limit',
  },
  webhookDays: {
    label: 'A new webhook URL lasts for',
    hint: 'And nobody may ask for longer. URLs that are there keep their term.',
    unit: days,
    zero: 'without an end',
  },
  trustedProxies: {
    label: 'Trusted proxies',
    hint: 'Proxies that are believed when they say from where a call comes.',
  },
  openId: {
    label: 'Identity provider',
    hint: 'By which people may sign in, beside their password.',
  },
  testerTargets: {
    label: 'API tests may be sent to',
    hint: 'Beside this server: origins (https://api.example.org:8443), hosts (api.example.org) or all below a name (.example.org).',
  },
  testerNetworks: {
    label: 'Private addresses that these may lead to',
    hint: 'Addresses, networks or ranges. Without them a target on a private network is refused, even when it is named above.',
  },
};

/** Heads of the groups, in their order. */
const GROUPS: Record<string, string> = {
  engines: 'Engines',
  runs: 'Runs that wait',
  limits: 'Limits',
  logs: 'Logs and retention',
  calls: 'Calls and sign-in',
  tester: 'API tester',
};

/** What a setting is called and does; a newer server may have one that has no words here. */
export function settingText(name: string, meaning: string): SettingText {
  return SETTINGS[name] ?? { label: name, hint: meaning };
}

/** Groups in which settings are shown, with their heads; those that are not known here come last. */
export function groupsOf(names: readonly string[]): [string, string][] {
  const known = Object.entries(GROUPS).filter(([id]) => names.includes(id));
  const others = [...new Set(names)].filter((id) => !(id in GROUPS));
  return [...known, ...others.map((id): [string, string] => [id, id])];
}

/** A value in words, as `90 days`, `no limit` or `none`. */
export function valueText(value: unknown, text: SettingText): string {
  if (typeof value === 'number') {
    if (value === 0 && text.zero) return text.zero;
    const said = `${value.toLocaleString('en-GB')} ${text.unit?.(value) ?? ''}`.trim();
    return text.unit === seconds && value >= 120 ? `${said} (${duration(value * 1_000)})` : said;
  }
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  if (value === null || value === undefined) return 'none';
  if (typeof value === 'object') return Object.values(value).join(', ');
  return text.words?.[String(value)] ?? String(value);
}

export const s = {
  title: 'Settings',
  hint: 'What is set here holds for the whole installation: at once on this server, within a second on the others.',
  system: 'This server',
  version: 'Version',
  since: 'Running since',
  url: 'Reached at',
  listen: 'Listens on',
  database: 'Database',
  databaseOf: (kind: string, size: string) => `${kind === 'sqlite' ? 'SQLite, built in' : 'PostgreSQL'}, ${size}`,
  schema: 'Tables as of',
  disk: 'Disk of the data folder',
  diskOf: (free: string, total: string) => `${free} free of ${total}`,
  diskLow: 'The disk is nearly full',
  diskLowHint: 'Make room, or let log lines be removed earlier.',
  work: 'At work',
  waiting: 'Runs that wait',
  running: 'Runs on engines',
  unknown: (count: number) => `, ${count} of them unknown`,
  available: 'Engines available',
  silent: 'Engines that are silent',
  unpaired: 'Engines never paired',
  logs: 'Log lines are kept',
  byDefault: 'default',
  default: (value: string) => `Default: ${value}`,
  changed: (by: string) => `Changed by ${by}`,
  reset: (by: string) => `Put back by ${by}`,
  fixed: 'fixed by the file',
  fixedHint:
    'The settings file of this server sets it. To change it from here, take it out of the file and start the server again.',
  fileOnly: 'in the file only',
  fileOnlyHint: 'To change it, write it into the settings file of the server and start the server again.',
  change: 'Change',
  changeOf: (label: string) => `Change: ${label}`,
  back: 'Back to the default',
  backOf: (label: string) => `Back to the default: ${label}`,
  wasSet: (label: string, value: string) => `${label}: ${value}.`,
  value: 'Value',
  range: (least: string, most: string) => `From ${least} to ${most}`,
  zero: (meaning: string) => `; 0 is ${meaning}`,
  lines: 'One on each line; none when it is empty.',
  fewerLogs: 'Older log lines will be removed',
  fewerLogsHint:
    'Lines of runs that ended longer ago are removed from the moment this is stored. Nothing brings them back, not even undoing this.',
};
