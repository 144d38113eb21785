/** Entries of the navigation for infrastructure and catalogue. */

import { IconArrowsExchange, IconBinaryTree, IconFile, IconFolders, IconPlugConnected } from '@tabler/icons-react';
import { infra } from '../texts/infra';

/** What tasks need beside their artifact. */
export const CATALOGUE = [
  { to: '/manage/connections', label: infra.nav.connections, icon: IconPlugConnected },
  { to: '/manage/resources', label: infra.nav.resources, icon: IconFile },
] as const;

/** Where things live and how they move on. */
export const STAGES = [
  { to: '/manage/environments', label: infra.nav.environments, icon: IconBinaryTree },
  { to: '/manage/promotions', label: infra.nav.promotions, icon: IconArrowsExchange },
  { to: '/manage/projects', label: infra.nav.projects, icon: IconFolders },
] as const;

/** Places that belong to an entry although their paths do not begin with its path. */
export const UNDER: Record<string, readonly string[]> = {
  '/engines': ['/clusters', '/run-profiles', '/gen2-engines', '/dynamic-engines', '/dynamic-environments'],
};
