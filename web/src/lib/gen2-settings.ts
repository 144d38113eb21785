/** Settings of run profiles of Gen2 engines, as the text that is edited. */

/** The kinds whose settings are no arguments of a Java machine, with their names in paths. */
export const GEN2_KINDS: Record<string, string> = {
  STANDARD: 'standard',
  BIG_DATA: 'big-data',
  ADVANCED: 'advanced',
  DATABRICKS: 'databricks',
};

const BEGINNINGS: Record<string, object> = {
  STANDARD: {
    executionFramework: 'local',
    configuration: { numberOfThreads: 4, microBatchInterval: 5000, parameters: {} },
  },
  BIG_DATA: {
    temporaryStorage: '/tmp',
    microBatchInterval: 5000,
    streamingTimeout: 0,
    executorMemoryOverhead: 512,
    yarnStrategy: { type: 'Fixed', executorsNumber: 2 },
  },
  ADVANCED: { definition: '{}' },
  DATABRICKS: {
    microBatchInterval: 5000,
    databricks: {
      endpoint: 'https://',
      token: '',
      stagingLocation: '/',
      cloudProvider: 'AWS',
      target: { cluster: 'old', id: '' },
    },
  },
};

/** What the settings of a new one of this kind begin with. */
export function beginning(kind: string): string {
  return JSON.stringify(BEGINNINGS[kind] ?? {}, null, 2);
}

const APART = ['id', 'name', 'description', 'type', 'engineId', 'createDate', 'updateDate'];

/** The settings of one that was read, without what has a field of its own. */
export function settingsOf(profile: object): string {
  const own = Object.entries(profile).filter(([name]) => !APART.includes(name));
  return JSON.stringify(Object.fromEntries(own), null, 2);
}

/** The settings in a text; what keeps it from being sent when it has none. */
export function parsed(text: string): { settings: object } | { wrong: string } {
  try {
    const value: unknown = JSON.parse(text || '{}');
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return { settings: value };
    return { wrong: 'It has to be an object in braces.' };
  } catch (error) {
    return { wrong: (error as Error).message };
  }
}
