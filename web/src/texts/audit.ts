/** Events of the audit trail in words, and what differs between two states of an object. */

const VERBS: Record<string, string> = {
  create: 'made',
  update: 'changed',
  delete: 'removed',
  read: 'read',
  login: 'signed in',
  'login-failed': 'sign-in failed',
  logout: 'signed out',
  password: 'password set',
  enable: 'put in force',
  disable: 'put out of force',
  give: 'given to users',
  'renew-secret': 'secret renewed',
  start: 'started',
  stop: 'stopped',
  pause: 'paused',
  resume: 'resumed',
  drain: 'drained',
  publish: 'published',
  analyze: 'analysed',
  run: 'run',
  end: 'ended',
  copy: 'copied',
  move: 'moved',
  upload: 'file replaced',
  link: 'attached',
  unlink: 'detached',
  upgrade: 'moved to a newer version',
  unpair: 'unpaired',
  authorize: 'opened to somebody',
  revoke: 'closed to somebody',
  'run-config': 'run configuration set',
  'delete-log': 'log removed',
};

/** What is said better than by object and verb. */
const WHOLE: Record<string, string> = {
  'engine.resume': 'engine put back to work',
  'session.create': 'signed in to the console',
  'session.delete': 'signed out of the console',
  'session.delete-all': 'signed out everywhere',
  'access-token.delete': 'access token revoked',
};

/** Kinds of objects that can be chosen for a search, with their words. */
export const OBJECTS: Record<string, string> = {
  user: 'user',
  session: 'session',
  'access-token': 'access token',
  group: 'group',
  role: 'role',
  'service-account': 'service account',
  principal: 'workspace rights',
  'ip-allowlist': 'IP allowlist',
  'role-mapping': 'role mapping',
  environment: 'environment',
  workspace: 'workspace',
  project: 'project',
  promotion: 'promotion',
  artifact: 'artifact',
  task: 'task',
  plan: 'plan',
  schedule: 'schedule',
  run: 'run',
  'plan run': 'plan run',
  connection: 'connection',
  resource: 'resource',
  engine: 'engine',
  cluster: 'cluster',
  'run-profile': 'run profile',
  audit: 'audit trail',
};

/** What an object is called. */
export function objectWord(type: string): string {
  return OBJECTS[type] ?? type.replaceAll('-', ' ');
}

/** What happened, for example `role changed`. */
export function eventWord(action: string, type: string): string {
  const whole = WHOLE[action];
  if (whole) return whole;
  const verb = action.slice(action.lastIndexOf('.') + 1);
  return `${objectWord(type)} ${VERBS[verb] ?? verb.replaceAll('-', ' ')}`;
}

/** The name an event gives its object, else its id. */
export function nameIn(detail: Record<string, unknown> | undefined, id: string): string {
  const name = detail?.name ?? detail?.login;
  return typeof name === 'string' && name !== '' ? name : id;
}

/** One field of an object in two states; a list is told by its entries. */
export interface FieldChange {
  field: string;
  /** Whether the two states differ in it. */
  changed: boolean;
  before: string[];
  after: string[];
}

function entries(value: unknown): string[] {
  if (value === undefined || value === null || value === '') return [];
  if (Array.isArray(value)) return value.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
  if (typeof value === 'object') return Object.entries(value).map(([key, one]) => `${key}: ${entries(one).join(', ')}`);
  return [String(value)];
}

/** Every field that either state tells, those that differ first. */
export function difference(
  before: Record<string, unknown> | undefined,
  after: Record<string, unknown> | undefined,
): FieldChange[] {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const all = fields.map((field) => {
    const [old, now] = [entries(before?.[field]), entries(after?.[field])];
    return {
      field,
      before: old,
      after: now,
      changed: JSON.stringify([...old].sort()) !== JSON.stringify([...now].sort()),
    };
  });
  return [...all.filter((one) => one.changed), ...all.filter((one) => !one.changed)];
}

/** The name of a field in words: `protectedUpdate` becomes `protected update`. */
export function fieldWord(field: string): string {
  return field.replace(/([a-z])([A-Z])/g, (_, low: string, high: string) => `${low} ${high.toLowerCase()}`);
}
