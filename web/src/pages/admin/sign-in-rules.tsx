/** From where people get in, and what roles of an identity provider stand for. */

import { Button, MultiSelect, Switch, TagsInput, Text, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useMemo, useState } from 'react';
import { type Allowlist, allowlist, identity, type RoleMapping, roleMappings, roles } from '../../api/admin';
import { body, Problem } from '../../api/client';
import { useMay } from '../../app/context';
import { type LineFault, lineOf } from '../../lib/field-of';
import { a } from '../../texts/admin';
import { t } from '../../texts/pages';
import { permissionName } from '../../texts/permissions';
import { DangerButton, Denied, Meanwhile, useAct, useDraft } from '../../ui/fields';
import { Badge, Dialog, Failure, Head, Waiting } from '../../ui/parts';

const w = a.signInRules;

/** A line of a list that is edited as a whole; its key stays while it is moved. */
interface Line {
  key: string;
  id?: string;
  ip: string;
  description: string;
}

let lines = 0;
const fresh = () => {
  lines += 1;
  return `new-${lines}`;
};

function valuesOf(list: Allowlist | null) {
  return {
    enabled: list?.enabled ?? false,
    description: list?.description ?? '',
    ips: (list?.ips ?? []).map(
      (one): Line => ({ key: one.id ?? one.ip, id: one.id, ip: one.ip, description: one.description }),
    ),
  };
}

function AllowlistForm({ list }: { list: Allowlist | null }) {
  const queries = useQueryClient();
  const stored = useMemo(() => valuesOf(list), [list]);
  const form = useDraft(stored);
  const act = useAct('description');
  const [fault, setFault] = useState<LineFault>();
  const [asking, setAsking] = useState(false);
  const [saved, setSaved] = useState(false);
  const values = form.draft ?? stored;
  const set = (change: Partial<typeof values>) => {
    setSaved(false);
    setFault(undefined);
    form.set({ ...values, ...change });
  };
  const setLine = (key: string, change: Partial<Line>) =>
    set({ ips: values.ips.map((one) => (one.key === key ? { ...one, ...change } : one)) });
  const store = async () => {
    setAsking(false);
    const done = await act.act(async () => {
      const ips = values.ips.map(({ id, ip, description }) => ({ id, ip, description }));
      const wish = { enabled: values.enabled, description: values.description || undefined, ips };
      try {
        const changed = list
          ? await body(identity.PUT('/security/ip-allowlist', { body: wish }))
          : await body(identity.POST('/security/ip-allowlist', { body: wish }));
        queries.setQueryData(allowlist().queryKey, changed);
        form.set(valuesOf(changed));
      } catch (error) {
        const ips = values.ips.map((one) => one.ip);
        setFault(error instanceof Problem ? lineOf(error.message, ips) : undefined);
        throw error;
      }
    });
    setSaved(done);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (values.enabled && !stored.enabled) setAsking(true);
    else void store();
  };
  const remove = async () => {
    await body(identity.DELETE('/security/ip-allowlist'));
    queries.setQueryData(allowlist().queryKey, null);
    form.set(valuesOf(null));
  };
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{w.list}</h2>
        <Badge tone={stored.enabled ? 'good' : 'idle'}>{stored.enabled ? w.on : w.off}</Badge>
      </div>
      <p className="muted">{list ? w.listHint : `${w.noList} ${w.listHint}`}</p>
      <form onSubmit={submit} noValidate>
        <Meanwhile edit={form} />
        <div className="lines">
          {values.ips.map((line, index) => (
            <div key={line.key} className="line-row">
              <TextInput
                aria-label={`${w.entry} ${index + 1}`}
                placeholder={w.entryHint}
                value={line.ip}
                error={fault?.line === index ? fault.text : undefined}
                onChange={(event) => setLine(line.key, { ip: event.currentTarget.value })}
                autoComplete="off"
                className="grow"
              />
              <TextInput
                aria-label={`${w.note} ${index + 1}`}
                placeholder={w.note}
                value={line.description}
                onChange={(event) => setLine(line.key, { description: event.currentTarget.value })}
                autoComplete="off"
                className="grow"
              />
              <Button
                variant="subtle"
                color="gray"
                aria-label={w.removeEntry(line.ip)}
                onClick={() => set({ ips: values.ips.filter((one) => one.key !== line.key) })}
              >
                <IconTrash size={16} aria-hidden />
              </Button>
            </div>
          ))}
        </div>
        <Button
          variant="default"
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => set({ ips: [...values.ips, { key: fresh(), ip: '', description: '' }] })}
        >
          {w.addEntry}
        </Button>
        <TextInput
          mt="sm"
          label={t.description}
          value={values.description}
          error={act.at('description')}
          onChange={(event) => set({ description: event.currentTarget.value })}
        />
        <Switch
          mt="sm"
          label={w.force}
          description={w.forceHint}
          checked={values.enabled}
          onChange={(event) => set({ enabled: event.currentTarget.checked })}
        />
        {!fault && act.rest}
        <div className="saving">
          <Button type="submit" loading={act.busy} disabled={!form.dirty}>
            {w.save}
          </Button>
          {form.dirty && (
            <Button variant="default" onClick={form.reset}>
              {a.discard}
            </Button>
          )}
          <span role="status" className="muted">
            {saved && !form.dirty ? a.saved : ''}
          </span>
          {list && !form.dirty && (
            <DangerButton label={w.delete} question={w.deleteAsk} hint={w.deleteHint} act={remove} />
          )}
        </div>
      </form>
      <Dialog open={asking} close={() => setAsking(false)} title={w.warn}>
        <Text mb="sm">{w.warnHint(values.ips.length)}</Text>
        <Text mb="md">{w.warnYou}</Text>
        <div className="saving">
          <Button variant="default" onClick={() => setAsking(false)} data-autofocus>
            {t.cancel}
          </Button>
          <Button className="danger" onClick={store}>
            {w.warnAct}
          </Button>
        </div>
      </Dialog>
    </section>
  );
}

interface MappingLine extends RoleMapping {
  key: string;
}

const mappingLines = (list: RoleMapping[]): MappingLine[] =>
  list.map((one) => ({ key: one.name, name: one.name, roles: [...one.roles] }));

function Mappings({ list }: { list: RoleMapping[] }) {
  const queries = useQueryClient();
  const maySeeRoles = useMay('TMC_ROLE_MANAGEMENT');
  const known = useQuery({ ...roles(), enabled: maySeeRoles });
  const stored = useMemo(() => mappingLines(list), [list]);
  const form = useDraft(stored);
  const act = useAct();
  const [fault, setFault] = useState<LineFault>();
  const [saved, setSaved] = useState(false);
  const values = form.draft ?? stored;
  const set = (next: MappingLine[]) => {
    setSaved(false);
    setFault(undefined);
    form.set(next);
  };
  const setLine = (key: string, change: Partial<MappingLine>) =>
    set(values.map((one) => (one.key === key ? { ...one, ...change } : one)));
  const refusedAt = (line: number, field: string) =>
    fault?.line === line && fault.field === field ? fault.text : undefined;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const done = await act.act(async () => {
      const wish = values.map(({ name, roles: held }) => ({ name, roles: held }));
      try {
        const changed = (await body(
          identity.POST('/security/role-mappings', { body: wish }),
        )) as unknown as RoleMapping[];
        queries.setQueryData(roleMappings().queryKey, changed);
        form.set(mappingLines(changed));
      } catch (error) {
        setFault(error instanceof Problem ? lineOf(error.message) : undefined);
        throw error;
      }
    });
    setSaved(done);
  };
  return (
    <section className="panel">
      <h2>{w.mappings}</h2>
      <p className="muted">{values.length === 0 ? `${w.noMappings} ${w.mappingsHint}` : w.mappingsHint}</p>
      <form onSubmit={submit} noValidate>
        <Meanwhile edit={form} />
        <div className="lines">
          {values.map((line, index) => (
            <div key={line.key} className="line-row">
              <TextInput
                aria-label={`${w.theirs} ${index + 1}`}
                placeholder={w.theirs}
                value={line.name}
                error={refusedAt(index, 'name')}
                onChange={(event) => setLine(line.key, { name: event.currentTarget.value })}
                autoComplete="off"
                className="grow"
              />
              {maySeeRoles ? (
                <MultiSelect
                  aria-label={`${w.ours} ${index + 1}`}
                  placeholder={line.roles.length ? undefined : w.ours}
                  data={[...new Set([...(known.data ?? []).map((one) => one.name), ...line.roles])]}
                  value={line.roles}
                  error={refusedAt(index, 'roles')}
                  onChange={(held) => setLine(line.key, { roles: held })}
                  searchable
                  className="grow"
                />
              ) : (
                <TagsInput
                  aria-label={`${w.ours} ${index + 1}`}
                  placeholder={w.needRoles}
                  value={line.roles}
                  error={refusedAt(index, 'roles')}
                  onChange={(held) => setLine(line.key, { roles: held })}
                  className="grow"
                />
              )}
              <Button
                variant="subtle"
                color="gray"
                aria-label={w.removeMapping(line.name)}
                onClick={() => set(values.filter((one) => one.key !== line.key))}
              >
                <IconTrash size={16} aria-hidden />
              </Button>
            </div>
          ))}
        </div>
        <Button
          variant="default"
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => set([...values, { key: fresh(), name: '', roles: [] }])}
        >
          {w.addMapping}
        </Button>
        {!fault && act.rest}
        <div className="saving">
          <Button type="submit" loading={act.busy} disabled={!form.dirty}>
            {w.saveMappings}
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
    </section>
  );
}

export function SignInRules() {
  const mayList = useMay('TMC_USER_MANAGEMENT');
  const mayMap = useMay('TMC_SSO_MANAGEMENT');
  const list = useQuery({ ...allowlist(), enabled: mayList });
  const mappings = useQuery({ ...roleMappings(), enabled: mayMap });
  return (
    <div className="page">
      <Head title={w.title} />
      <div className="columns halves">
        {!mayList ? (
          <Denied what={w.list} permission={permissionName('TMC_USER_MANAGEMENT')} />
        ) : list.data !== undefined ? (
          <AllowlistForm list={list.data} />
        ) : list.error ? (
          <Failure error={list.error} retry={() => list.refetch()} />
        ) : (
          <Waiting />
        )}
        {!mayMap ? (
          <Denied what={w.mappings} permission={permissionName('TMC_SSO_MANAGEMENT')} />
        ) : mappings.data ? (
          <Mappings list={mappings.data} />
        ) : mappings.error ? (
          <Failure error={mappings.error} retry={() => mappings.refetch()} />
        ) : (
          <Waiting />
        )}
      </div>
    </div>
  );
}
