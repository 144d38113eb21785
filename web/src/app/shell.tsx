/** The frame around every page: where one is, where one can go, who one is. */

import { AppShell, Burger, Button, Group, Menu, Select, useMantineColorScheme } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import {
  IconBox,
  IconCalendarTime,
  IconChecklist,
  IconDeviceDesktop,
  IconEngine,
  IconFlask,
  IconGauge,
  IconHistory,
  IconListTree,
  IconLogout,
  IconMoon,
  IconSearch,
  IconSun,
  IconUser,
} from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { type ErrorComponentProps, Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useMemo } from 'react';
import { raw } from '../api/client';
import { a } from '../texts/admin';
import { t } from '../texts/pages';
import { x } from '../texts/tester';
import { w } from '../texts/work';
import { Mark } from '../ui/mark';
import { Failure, Head } from '../ui/parts';
import { UndoBar } from '../ui/undo';
import { useScope, useShared } from './context';
import { Keys, openPalette } from './keys';
import { useLive } from './live';
import { AdminNav, useAdminEntries } from './nav-admin';
import { CATALOGUE, STAGES, UNDER } from './places-infra';
import { setScope } from './scope';

const PLACES = [
  { to: '/', label: t.nav.overview, icon: IconGauge },
  { to: '/runs', label: t.nav.runs, icon: IconHistory },
  { to: '/tasks', label: t.nav.tasks, icon: IconChecklist },
  { to: '/plans', label: t.nav.plans, icon: IconListTree },
  { to: '/schedules', label: t.nav.schedules, icon: IconCalendarTime },
  { to: '/artifacts', label: t.nav.artifacts, icon: IconBox },
  ...CATALOGUE,
  { to: '/engines', label: t.nav.engines, icon: IconEngine },
  ...STAGES,
  { to: '/tester', label: x.nav, icon: IconFlask },
] as const;

const ALL = 'all';

/** Where the navigation stands beside the page; the `sm` of the design system. */
const ROOMY = '(min-width: 48em)';

function ScopeSwitch() {
  const scope = useScope();
  const environment = scope.environment?.id;
  return (
    <>
      <Select
        aria-label={t.scope.environment}
        data={scope.environments.map((one) => ({ value: one.id, label: one.name ?? one.id }))}
        value={environment ?? null}
        onChange={(id) => id && setScope({ environmentId: id })}
        searchable={scope.environments.length > 8}
      />
      <Select
        aria-label={t.scope.workspace}
        data={[
          { value: ALL, label: t.scope.allWorkspaces },
          ...scope.workspaces.map((one) => ({ value: one.id ?? '', label: one.name ?? '' })),
        ]}
        value={scope.workspace?.id ?? ALL}
        onChange={(id) => setScope({ environmentId: environment, workspaceId: id && id !== ALL ? id : undefined })}
        searchable={scope.workspaces.length > 8}
      />
    </>
  );
}

function LiveMark() {
  const { live } = useShared();
  const state = useLive(live);
  return (
    <span className="live" data-state={state} role="status" title={t.live.hint[state]}>
      {t.live[state]}
    </span>
  );
}

function UserMenu() {
  const { session } = useShared();
  const queries = useQueryClient();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const signOut = async (path: string) => {
    await raw(path, { method: 'DELETE' }).catch(() => undefined);
    queries.setQueryData(['session'], null);
    queries.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
  };
  const schemes = [
    { value: 'auto', label: t.user.auto, icon: IconDeviceDesktop },
    { value: 'light', label: t.user.light, icon: IconSun },
    { value: 'dark', label: t.user.dark, icon: IconMoon },
  ] as const;
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <Button variant="subtle" color="gray" leftSection={<IconUser size={16} aria-hidden />}>
          {session.user.name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t.user.look}</Menu.Label>
        {schemes.map(({ value, label, icon: Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={16} aria-hidden />}
            onClick={() => setColorScheme(value)}
            aria-current={colorScheme === value}
            fw={colorScheme === value ? 700 : 400}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>
          {session.user.login} · Stoker {session.version}
        </Menu.Label>
        <Menu.Item component={Link} to="/profile" leftSection={<IconUser size={16} aria-hidden />}>
          {a.nav.profile}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => signOut('/stoker/v1/session')}>
          {t.user.signOut}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => signOut('/stoker/v1/sessions')}>
          {t.user.signOutEverywhere}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** The frame. */
export function Shell() {
  const [open, menu] = useDisclosure(false);
  const roomy = useMediaQuery(ROOMY, undefined, { getInitialValueInEffect: false });
  const path = useRouterState({ select: (state) => state.location.pathname });
  const admin = useAdminEntries();
  const entries = useMemo(() => [...PLACES, ...admin], [admin]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: going somewhere closes the menu.
  useEffect(() => menu.close(), [path]);
  return (
    <AppShell
      header={{ height: '3.25rem' }}
      navbar={{ width: '13rem', breakpoint: 'sm', collapsed: { mobile: !open } }}
      padding="md"
    >
      <a className="skip" href="#main">
        {t.skip}
      </a>
      <AppShell.Header px="md">
        <Group h="100%" gap="sm" wrap="nowrap" justify="space-between">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={open} onClick={menu.toggle} hiddenFrom="sm" size="sm" aria-label={t.nav.menu} />
            <Link
              to="/"
              title={t.nav.home}
              style={{ color: 'inherit', textDecoration: 'none', display: 'inline-flex' }}
            >
              <Mark />
            </Link>
          </Group>
          {roomy && (
            <Group gap="sm" wrap="nowrap">
              <ScopeSwitch />
            </Group>
          )}
          <Group gap="xs" wrap="nowrap">
            <Button
              variant="default"
              onClick={openPalette}
              title={w.palette.open}
              aria-keyshortcuts="Control+K"
              leftSection={<IconSearch size={16} aria-hidden />}
              visibleFrom="sm"
            >
              {w.palette.short}{' '}
              <kbd style={{ marginLeft: 8 }} aria-hidden>
                Ctrl K
              </kbd>
            </Button>
            <LiveMark />
            <UserMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={t.nav.label} style={{ overflowY: 'auto' }}>
        {!roomy && (
          <Group gap="xs" mb="sm" grow>
            <ScopeSwitch />
          </Group>
        )}
        {PLACES.map(({ to, label, icon: Icon }) => {
          const within = (place: string) => path === place || path.startsWith(`${place}/`);
          const active = to === '/' ? path === '/' : [to, ...(UNDER[to] ?? [])].some(within);
          return (
            <Link
              key={to}
              to={to}
              className="nav-link"
              data-active={active || undefined}
              aria-current={active ? 'page' : undefined}
            >
              <Icon size={18} stroke={1.7} aria-hidden />
              <span>{label}</span>
            </Link>
          );
        })}
        <AdminNav path={path} />
      </AppShell.Navbar>
      <Keys places={entries} />
      <AppShell.Main id="main">
        <Outlet />
      </AppShell.Main>
      <UndoBar />
    </AppShell>
  );
}

/** An address that leads nowhere. */
export function NotFound() {
  return (
    <div className="page">
      <Head title={t.nowhere} />
      <p>{t.nowhereHint}</p>
      <Link to="/">{t.nav.home}</Link>
    </div>
  );
}

/** A page that broke. */
export function PageError({ error, reset }: ErrorComponentProps) {
  return <Failure error={error} retry={reset} />;
}
