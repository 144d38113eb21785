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
  'add-engine': 'got an engine',
  'remove-engine': 'lost an engine',
  addPromoter: 'opened to an executor',
  removePromoter: 'closed to an executor',
  reset: 'put back to its default',
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
  setting: 'setting',
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

/** Parts of a value that are words of ours; other names were given by people and stay as they are. */
const PARTS: Record<string, string> = {
  newValues: 'new values',
  onFailure: 'on failure',
  promotionRun: 'promotion run',
  issuerAndSubject: 'issuer and subject',
};

/** A value in one line: parts of an object by name, entries of a list after commas. */
function line(value: unknown): string {
  if (value === undefined || value === null || value === '') return '';
  if (Array.isArray(value)) return value.map(line).join(', ');
  if (typeof value !== 'object') return String(value);
  const parts = Object.entries(value).map(([key, one]) => [PARTS[key] ?? key, line(one)]);
  return parts
    .map(([key, text]) => (text === '' ? '' : `${key}: ${text}`))
    .filter(Boolean)
    .join('; ');
}

function entries(value: unknown): string[] {
  if (value === undefined || value === null || value === '') return [];
  if (Array.isArray(value)) return value.map(line);
  if (typeof value === 'object') return Object.entries(value).map(([key, one]) => `${PARTS[key] ?? key}: ${line(one)}`);
  return [String(value)];
}

/** Fields that tell what the event itself did, or what it leaves out: there is nothing before to compare them with. */
const OF_THE_EVENT = ['change', 'leftOut'];

/** Every field that either state tells, those that differ first. */
export function difference(
  before: Record<string, unknown> | undefined,
  after: Record<string, unknown> | undefined,
): FieldChange[] {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const all = fields.map((field) => {
    const own = OF_THE_EVENT.includes(field);
    const [old, now] = [own ? [] : entries(before?.[field]), entries(after?.[field])];
    return {
      field,
      before: old,
      after: now,
      changed: !own && JSON.stringify([...old].sort()) !== JSON.stringify([...now].sort()),
    };
  });
  // A removal has no state after it, and so nothing that only the event itself tells.
  const shown = all.filter((one) => one.before.length > 0 || one.after.length > 0 || !OF_THE_EVENT.includes(one.field));
  return [...shown.filter((one) => one.changed), ...shown.filter((one) => !one.changed)];
}

/** The name of a field in words: `protectedUpdate` becomes `protected update`. */
export function fieldWord(field: string): string {
  return field.replace(/([a-z])([A-Z])/g, (_, low: string, high: string) => `${low} ${high.toLowerCase()}`);
}
