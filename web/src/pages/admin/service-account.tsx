/** One service account: its permissions, its rights, its secret and how to use it. */

import { Button, TextInput } from '@mantine/core';
import { IconRefresh, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { type FormEvent, useMemo, useState } from 'react';
import {
  accounts,
  grantable,
  type ServiceAccount,
  type ServiceAccountWish,
  serviceAccount,
  serviceAccounts,
} from '../../api/admin';
import { body, raw } from '../../api/client';
import { useMay, useShared } from '../../app/context';
import { a } from '../../texts/admin';
import { t } from '../../texts/pages';
import { permissionName } from '../../texts/permissions';
import { DangerButton, Denied, isGone, Meanwhile, SecretDialog, useAct, useDraft } from '../../ui/fields';
import { Code, Facts, Failure, Head, Id, Moment, useNow, Waiting } from '../../ui/parts';
import { PermissionFields } from '../../ui/permissions';
import { GrantPanel } from './grants';
import { secretRows } from './service-accounts';

function valuesOf(one: ServiceAccount) {
  return { name: one.name, permissions: [...one.permissions].sort() };
}

function Form({ one, gone }: { one: ServiceAccount; gone: boolean }) {
  const queries = useQueryClient();
  const offered = useQuery(grantable());
  const stored = useMemo(() => valuesOf(one), [one]);
  const form = useDraft(stored);
  const act = useAct('name', 'permissions');
  const [saved, setSaved] = useState(false);
  const values = form.draft ?? stored;
  const set = (next: typeof values) => {
    setSaved(false);
    form.set(next);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const path = { id: one.id };
    const done = await act.act(async () => {
      const changed = await body(
        accounts.PUT('/account/service-accounts/{id}', { params: { path }, body: values as ServiceAccountWish }),
      );
      queries.setQueryData(serviceAccount(one.id).queryKey, changed);
      form.set(valuesOf(changed));
    });
    setSaved(done);
  };
  return (
    <form onSubmit={submit} noValidate className="panel">
      <h2>{a.permissions.title}</h2>
      <Meanwhile edit={form} gone={gone} />
      <TextInput
        label={t.name}
        value={values.name}
        error={act.at('name')}
        onChange={(event) => set({ ...values, name: event.currentTarget.value })}
        autoComplete="off"
        required
        maw="26rem"
        mb="md"
      />
      <PermissionFields
        offered={offered.data}
        chosen={values.permissions}
        change={(permissions) => set({ ...values, permissions: [...permissions].sort() })}
        error={act.at('permissions') ?? (values.permissions.length === 0 ? a.service.atLeastOne : undefined)}
      />
      {act.rest}
      <div className="saving">
        <Button type="submit" loading={act.busy} disabled={!form.dirty || gone}>
          {t.save}
        </Button>
        {form.dirty && (
          <Button variant="default" onClick={form.reset}>
            {a.discard}
          </Button>
        )}
        <span role="status" className="muted">
          {saved && !form.dirty ? a.saved : ''}
        </span>
      </div>
    </form>
  );
}

function Actions({ one }: { one: ServiceAccount }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [renewed, setRenewed] = useState<{ id: string; secret: string }>();
  const renew = async () => {
    const path = `/stoker/v1/service-accounts/${encodeURIComponent(one.id)}/secret`;
    setRenewed(await raw<{ id: string; secret: string }>(path, { method: 'POST' }));
  };
  const remove = async () => {
    await body(accounts.DELETE('/account/service-accounts/{id}', { params: { path: { id: one.id } } }));
    await navigate({ to: '/manage/service-accounts', search: {} });
    queries.removeQueries({ queryKey: serviceAccount(one.id).queryKey });
    await queries.invalidateQueries({ queryKey: serviceAccounts().queryKey });
  };
  return (
    <>
      <SecretDialog
        open={renewed !== undefined}
        close={() => setRenewed(undefined)}
        title={a.service.secretTitle(one.name)}
        hint={a.service.secretHint}
        rows={renewed ? secretRows(renewed) : []}
      />
      <DangerButton
        label={a.service.renew}
        question={a.service.renewAsk(one.name)}
        hint={a.service.renewHint}
        act={renew}
        icon={<IconRefresh size={16} aria-hidden />}
      />
      <DangerButton
        label={a.service.delete}
        question={a.service.deleteAsk(one.name)}
        hint={`${a.service.deleteHint} ${a.notUndone}`}
        act={remove}
        icon={<IconTrash size={16} aria-hidden />}
      />
    </>
  );
}

/** The two commands that use the account. */
function commands(base: string, id: string): string {
  return [
    `curl -s -u '${id}:SECRET' -H 'Content-Type: application/json' \\`,
    `  -d '{"audience":"${base}","grant_type":"client_credentials"}' \\`,
    `  ${base}/security/oauth/token`,
    `curl -s -H 'Authorization: Bearer TOKEN' ${base}/orchestration/environments`,
  ].join('\n');
}

export function ServiceAccountPage() {
  const { id } = useParams({ from: '/manage/service-accounts/$id' });
  const { session } = useShared();
  const may = useMay('TMC_SERVICE_ACCOUNT_MANAGEMENT');
  const one = useQuery({ ...serviceAccount(id), enabled: may });
  const now = useNow(30_000);
  if (!may) {
    return (
      <div className="page">
        <Head title={a.service.title} />
        <Denied what={a.service.title} permission={permissionName('TMC_SERVICE_ACCOUNT_MANAGEMENT')} />
      </div>
    );
  }
  if (!one.data) return one.error ? <Failure error={one.error} retry={() => one.refetch()} /> : <Waiting />;
  const found = one.data;
  const gone = isGone(one.error);
  return (
    <div className="page">
      <Head title={found.name}>{!gone && <Actions one={found} />}</Head>
      <div className="columns halves">
        <Form key={id} one={found} gone={gone} />
        <div className="stack">
          <section className="panel">
            <Facts
              rows={[
                [a.service.id, <Id key="id" id={found.id} what={a.service.id.toLowerCase()} />],
                [a.created, <Moment key="made" at={found.createdDate} now={now} exact />],
                [
                  a.lastUse,
                  found.lastUsedDate ? <Moment key="used" at={found.lastUsedDate} now={now} exact /> : a.never,
                ],
                ...(found.lastUsedApi
                  ? [
                      [
                        a.service.lastApi,
                        <span key="api" className="mono">
                          {found.lastUsedApi}
                        </span>,
                      ] as [string, React.ReactNode],
                    ]
                  : []),
              ]}
            />
          </section>
          <GrantPanel kind="service-accounts" holder={id} name={found.name} />
          <section className="panel">
            <h2>{a.service.use}</h2>
            <p className="muted">{a.service.useHint}</p>
            <Code
              text={commands(session.publicUrl || window.location.origin, found.id)}
              what={a.service.use.toLowerCase()}
            />
          </section>
        </div>
      </div>
    </div>
  );
}
