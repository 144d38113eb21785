/** Settings of the server, and how it is. */

import { queryOptions } from '@tanstack/react-query';
import { body, own } from './client';
import type { components as Own } from './generated/stoker';

export type Setting = Own['schemas']['ServerSetting'];
export type System = Own['schemas']['System'];

/** Every setting, as it is in force on the server that answers. */
export const serverSettings = () =>
  queryOptions({
    queryKey: ['settings', 'all'],
    queryFn: () => body(own.GET('/stoker/v1/settings')),
  });

/** How often the system is looked at again: what it tells changes with every run. */
const LOOK_MS = 10_000;

export const system = () =>
  queryOptions({
    queryKey: ['settings', 'system'],
    queryFn: () => body(own.GET('/stoker/v1/system')),
    refetchInterval: LOOK_MS,
  });

/** Sets a value; only when it still has this version. */
export function setSetting(name: string, value: unknown, version: number): Promise<Setting> {
  return body(own.PUT('/stoker/v1/settings/{name}', { params: { path: { name } }, body: { value, version } }));
}

/** Puts a setting back to its default; only when it still has this version. */
export function unsetSetting(name: string, version: number): Promise<Setting> {
  return body(own.DELETE('/stoker/v1/settings/{name}', { params: { path: { name }, query: { version } } }));
}
