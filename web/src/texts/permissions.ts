/** Permissions, rights and predefined roles in words. The ids are published; the words are ours. */

/** A permission: id, what it is called, what it allows. */
export interface PermissionText {
  id: string;
  name: string;
  allows: string;
}

const one = (id: string, name: string, allows: string): PermissionText => ({ id, name, allows });
const KEPT = 'Kept for compatible clients; nothing on this server asks for it.';

/** The catalogue, by what one wants to do. */
export const PERMISSIONS: { title: string; list: PermissionText[] }[] = [
  {
    title: 'Work',
    list: [
      one(
        'TMC_OPERATOR',
        'Tasks and plans: edit',
        'Tasks, plans, schedules, runs and logs, as far as workspace rights go.',
      ),
      one(
        'TMC_ENGINE_USE',
        'Engines: use',
        'See engines and start tasks. Alone it limits workspace rights to view and execute.',
      ),
      one(
        'TMC_CONNECTION_RESOURCE_EDIT',
        'Connections and resources: edit',
        'With the right to author in the workspace.',
      ),
      one('EXECUTION_LOGS_DELETE', 'Run logs: delete', 'Remove the log of a run for good.'),
    ],
  },
  {
    title: 'Environments and promotion',
    list: [
      one(
        'TMC_ENVIRONMENT_MANAGEMENT',
        'Environments: manage',
        'Environments, workspaces and rights on them; sees all of them.',
      ),
      one('TMC_PIPELINE_MANAGEMENT', 'Promotions: manage', 'Define promotions and who may run them.'),
      one('TMC_PROMOTION_EXECUTION', 'Promotions: run', 'Analyse and run the promotions one is named in.'),
      one('TMC_PROJECT_MANAGEMENT', 'Projects: manage', 'Projects and who works on them.'),
    ],
  },
  {
    title: 'Engines',
    list: [
      one('TMC_CLUSTER_MANAGEMENT', 'Engines: manage', 'Engines, clusters and pairing; sees all environments.'),
      one('TMC_RUN_PROFILE_MANAGEMENT', 'Run profiles: manage', 'Memory and arguments that jobs start with.'),
      one('DYN_ENGINE_READ', 'Dynamic engines: read', 'Look at one dynamic engine.'),
    ],
  },
  {
    title: 'Administration',
    list: [
      one(
        'TMC_USER_MANAGEMENT',
        'Users: manage',
        'Users, their passwords and tokens, the IP allowlist, workspace rights.',
      ),
      one('TMC_GROUP_MANAGEMENT', 'Groups: manage', 'Groups and their members.'),
      one('TMC_ROLE_MANAGEMENT', 'Roles: manage', 'Roles, what they give, and who holds them.'),
      one('TMC_SERVICE_ACCOUNT_MANAGEMENT', 'Service accounts: manage', 'Service accounts and their secrets.'),
      one('TMC_SSO_MANAGEMENT', 'Single sign-on: manage', 'Which roles a role of the identity provider stands for.'),
      one('TMC_SUBSCRIPTION_MANAGEMENT', 'Subscription: see', 'What the account uses.'),
      one('AUDIT_LOGS_VIEW', 'Audit trail: see', 'Who changed what. Looking at it is written down too.'),
    ],
  },
  {
    title: 'Without effect here',
    list: [
      one('TMC_CONFIGURATION_NEXUS_USERLIBS', 'Artifact repository: configure', KEPT),
      one('TMC_STATIC_IP_MANAGEMENT', 'Static IP: manage', KEPT),
      one('TMC_EXPORT_LOGS_MANAGEMENT', 'Log export: manage', KEPT),
      one('TMC_CLOUD_CONFIGURATION_MANAGEMENT', 'Cloud configuration: manage', KEPT),
    ],
  },
];

const KNOWN = new Map(PERMISSIONS.flatMap((group) => group.list).map((permission) => [permission.id, permission]));

/** What a permission is called; the id itself where it belongs to another application. */
export function permissionName(id: string): string {
  return KNOWN.get(id)?.name ?? id;
}

/** Whether this is a permission of this server. */
export function isKnownPermission(id: string): boolean {
  return KNOWN.has(id);
}

/** Rights on a workspace. */
export const RIGHTS: PermissionText[] = [
  one('VIEW', 'View', 'See tasks, plans, runs and logs.'),
  one('EXECUTE', 'Execute', 'Run, stop, pause and schedule.'),
  one('AUTHOR', 'Author', 'Make, change and remove tasks and plans.'),
  one('PUBLISH', 'Publish', 'Publish artifacts into the workspace.'),
  one('MANAGE', 'Manage', 'Older right for artifacts, connections and resources.'),
];

/** Names of rights in their order, for a list. */
export function rightNames(ids: string[]): string {
  const named = RIGHTS.filter((right) => ids.includes(right.id)).map((right) => right.name.toLowerCase());
  return named.length === 0 ? 'none' : named.join(', ');
}

const PREDEFINED = [
  'Administrator',
  'Security Administrator',
  'Project Administrator',
  'Environment Administrator',
  'Infrastructure Administrator',
  'Operator',
  'Assets Manager',
  'Integration Developer',
];

/** Whether a role is one that every installation has: nobody can change it, and no other may have its name. */
export function isPredefined(name: string): boolean {
  return PREDEFINED.includes(name.replace(/( \(predefined\))+$/, ''));
}
