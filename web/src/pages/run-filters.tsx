/** The filters of the runs page beyond state, task and period. What is typed is taken after a short rest. */

import { Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { artifact } from '../api/pages';
import { clusters, engines } from '../api/queries';
import { useScope } from '../app/context';
import { type RunKey, type RunSearch, WITH_PLANS } from '../lib/run-search';
import { t } from '../texts/pages';
import { w } from '../texts/work';
import { FoundSelect } from '../ui/found';
import { ofEnvironment } from './engines';

const REST_MS = 350;
const LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR'];

interface Part {
  search: RunSearch;
  set: (change: RunSearch) => void;
}

function Typed(props: Part & { name: RunKey; label: string; hint?: string; type?: string; disabled?: boolean }) {
  const { search, set, name } = props;
  const [text, setText] = useState(search[name] ?? '');
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const outside = search[name] ?? '';
  useEffect(() => setText(outside), [outside]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <TextInput
      label={props.label}
      placeholder={props.hint}
      type={props.type}
      value={text}
      step={props.type === 'datetime-local' ? 1 : undefined}
      min={props.type === 'number' ? 0 : undefined}
      disabled={props.disabled}
      onChange={(event) => {
        const value = event.currentTarget.value;
        setText(value);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => {
          const period = name === 'from' || name === 'to' ? { days: undefined } : {};
          set({ ...period, [name]: value || undefined });
        }, REST_MS);
      }}
    />
  );
}

function Chosen(props: Part & { name: RunKey; label: string; data: { value: string; label: string }[] }) {
  const { search, set, name } = props;
  return (
    <Select
      label={props.label}
      placeholder={t.all}
      data={props.data}
      value={search[name] ?? null}
      onChange={(value) => set({ [name]: value ?? undefined })}
      searchable
      clearable
      limit={200}
      clearButtonProps={{ 'aria-label': t.runs.clear }}
    />
  );
}

/** All of them. */
export function MoreFilters({ search, set }: Part) {
  const { query: scope, environment } = useScope();
  const single = ofEnvironment(useQuery(engines()).data, environment?.id);
  const joint = useQuery(clusters()).data ?? [];
  const part = { search, set };
  const named = (list: { id: string; name: string }[]) => list.map((one) => ({ value: one.id, label: one.name }));
  const chosen = useQuery({ ...artifact(search.artifact ?? ''), enabled: search.artifact !== undefined });
  const everywhere = { environmentId: scope.environmentId };
  return (
    <section className="panel form-grid" aria-label={w.runs.more(0)}>
      <Typed {...part} name="name" label={w.runs.name} hint={w.runs.nameHint} />
      <FoundSelect
        kind="plan"
        scope={everywhere}
        label={w.runs.plan}
        placeholder={t.all}
        value={search.plan ?? null}
        change={(value) => set({ plan: value ?? undefined })}
        clearable
      />
      <Select
        label={w.runs.kind}
        placeholder={w.runs.kinds.single}
        data={[{ value: WITH_PLANS, label: w.runs.kinds.plans }]}
        value={search.kind ?? null}
        onChange={(kind) => set({ kind: kind ?? undefined })}
        clearable
        clearButtonProps={{ 'aria-label': t.runs.clear }}
      />
      <FoundSelect
        kind="artifact"
        scope={everywhere}
        label={w.runs.artifact}
        placeholder={t.all}
        value={search.artifact ?? null}
        change={(value) => set({ artifact: value ?? undefined, version: undefined })}
        clearable
      />
      <Chosen
        {...part}
        name="version"
        label={w.runs.artifactVersion}
        data={(chosen.data?.versions ?? []).map((one) => ({ value: one, label: one }))}
      />
      <Chosen {...part} name="place" label={w.runs.engine} data={named([...single, ...joint])} />
      <Typed {...part} name="tag" label={w.runs.tag} />
      <Typed {...part} name="by" label={w.runs.operator} hint={w.runs.operatorHint} />
      <Typed {...part} name="author" label={w.runs.author} />
      <Typed {...part} name="longer" label={w.runs.longer} type="number" />
      <Typed {...part} name="shorter" label={w.runs.shorter} type="number" />
      <Typed {...part} name="from" label={w.runs.from} type="datetime-local" />
      <Typed {...part} name="to" label={w.runs.to} type="datetime-local" />
      <Typed {...part} name="id" label={w.runs.runId} />
      <Select
        label={w.runs.level}
        placeholder={search.task ? t.all : w.runs.levelHint}
        data={LEVELS}
        value={search.level ?? null}
        onChange={(level) => set({ level: level ?? undefined })}
        disabled={!search.task}
        clearable
        clearButtonProps={{ 'aria-label': t.runs.clear }}
      />
      <Typed {...part} name="profile" label={w.runs.profile} />
    </section>
  );
}
