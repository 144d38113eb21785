/** The places of administration, and their part of the frame: one entry that opens to those the user may use. */

import {
  IconAdjustments,
  IconApi,
  IconChartBar,
  IconChevronRight,
  IconFileSearch,
  IconId,
  IconLayoutGrid,
  IconLock,
  IconRobot,
  IconServerCog,
  IconShieldCog,
  IconUser,
  IconUsers,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { a } from '../texts/admin';
import { useShared } from './context';

/** Each place with the permissions of which one is needed; none for everybody. */
export const ADMIN_PLACES = [
  { to: '/manage/users', key: 'users', icon: IconUser, needs: ['TMC_USER_MANAGEMENT'] },
  { to: '/manage/groups', key: 'groups', icon: IconUsers, needs: ['TMC_GROUP_MANAGEMENT'] },
  { to: '/manage/roles', key: 'roles', icon: IconId, needs: ['TMC_ROLE_MANAGEMENT'] },
  {
    to: '/manage/service-accounts',
    key: 'serviceAccounts',
    icon: IconRobot,
    needs: ['TMC_SERVICE_ACCOUNT_MANAGEMENT'],
  },
  {
    to: '/manage/rights',
    key: 'rights',
    icon: IconLayoutGrid,
    needs: ['TMC_ENVIRONMENT_MANAGEMENT', 'TMC_USER_MANAGEMENT'],
  },
  { to: '/manage/sign-in', key: 'signIn', icon: IconLock, needs: ['TMC_USER_MANAGEMENT', 'TMC_SSO_MANAGEMENT'] },
  { to: '/manage/audit', key: 'audit', icon: IconFileSearch, needs: ['AUDIT_LOGS_VIEW'] },
  { to: '/manage/settings', key: 'settings', icon: IconServerCog, needs: ['TMC_USER_MANAGEMENT'] },
  { to: '/manage/usage', key: 'subscription', icon: IconChartBar, needs: ['TMC_SUBSCRIPTION_MANAGEMENT'] },
  { to: '/manage/api', key: 'api', icon: IconApi, needs: [] },
] as const;

/** Whether the user holds what a place needs. */
export function usePlaces() {
  const { session } = useShared();
  return ADMIN_PLACES.map((place) => ({
    ...place,
    may: place.needs.length === 0 || place.needs.some((one) => session.permissions.includes(one)),
  }));
}

/** The places that the user may use, for the palette. */
export function useAdminEntries(): { to: string; label: string }[] {
  const { session } = useShared();
  const { permissions } = session;
  return useMemo(
    () =>
      ADMIN_PLACES.filter(({ needs }) => needs.length === 0 || needs.some((one) => permissions.includes(one))).map(
        ({ to, key }) => ({ to, label: a.nav[key] }),
      ),
    [permissions],
  );
}

/** The entries in the frame. */
export function AdminNav({ path }: { path: string }) {
  const inside = path === '/manage' || ADMIN_PLACES.some((one) => path === one.to || path.startsWith(`${one.to}/`));
  const [open, setOpen] = useState(inside);
  useEffect(() => {
    if (inside) setOpen(true);
  }, [inside]);
  const places = usePlaces().filter((place) => place.may);
  return (
    <>
      <button type="button" className="nav-link" aria-expanded={open} onClick={() => setOpen(!open)}>
        <IconShieldCog size={18} stroke={1.7} aria-hidden />
        <span>{a.nav.group}</span>
        <IconChevronRight size={14} className="fold" aria-hidden />
      </button>
      {open && (
        <div className="nav-inner">
          <Entry to="/manage" label={a.nav.index} icon={IconAdjustments} active={path === '/manage'} />
          {places.map(({ to, key, icon }) => (
            <Entry key={to} to={to} label={a.nav[key]} icon={icon} active={path === to || path.startsWith(`${to}/`)} />
          ))}
        </div>
      )}
    </>
  );
}

function Entry(props: {
  to: (typeof ADMIN_PLACES)[number]['to'] | '/manage';
  label: string;
  icon: typeof IconUser;
  active: boolean;
}) {
  const Icon = props.icon;
  const link = useRef<HTMLAnchorElement>(null);
  // The places are more than a low window shows.
  useEffect(() => {
    if (props.active) link.current?.scrollIntoView({ block: 'nearest' });
  }, [props.active]);
  return (
    <Link
      ref={link}
      to={props.to}
      className="nav-link"
      data-active={props.active || undefined}
      aria-current={props.active ? 'page' : undefined}
      activeOptions={{ exact: props.to === '/manage' }}
    >
      <Icon size={16} stroke={1.7} aria-hidden />
      <span>{props.label}</span>
    </Link>
  );
}
