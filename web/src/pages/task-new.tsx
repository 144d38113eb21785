/** Making a task in four steps: its artifact, its parameters, how it runs, when. It can be saved as a draft at each. */

import { Button, Checkbox, Group, Select, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import { body, core, Problem } from '../api/client';
import { artifact, artifactPage } from '../api/pages';
import { type Artifact, artifactVersion, runConfig, type Task, task } from '../api/queries';
import { useMay, useRight, useScope, useWorkspacesWith } from '../app/context';
import { refusalOf } from '../lib/field-errors';
import { type How, howOf, LEVELS, storeHow, storeWhat, type What, whatOf } from '../lib/task-form';
import { isLink } from '../lib/task-links';
import { t } from '../texts/pages';
import { w } from '../texts/work';
import { type Act, useAct } from '../ui/fields';
import { FoundSelect } from '../ui/found';
import { LinkFields } from '../ui/links';
import { isSecret, ParameterFields } from '../ui/parameters';
import { Empty, Failure, Head, isLost, Notice, useNow, Waiting } from '../ui/parts';
import { Drop } from './artifact-drop';
import { attach } from './schedule-of';
import { PlaceExtras, PlaceSelect } from './task-place';
import { byHand, scheduleFor, type When, WhenStep } from './task-when';
import { isTriggerField } from './trigger-form';

const LAST = w.wizard.steps.length - 1;

interface StepProps {
  what: What;
  change: (part: Partial<What>) => void;
  act: Act;
}

function ArtifactStep(props: StepProps & { chosen?: Artifact; pick: (id: string) => void }) {
  const { what, change, act, chosen } = props;
  const { environment } = useScope();
  const places = useWorkspacesWith('AUTHOR').map((one) => one.id);
  return (
    <>
      {!chosen && <Drop done={(one) => props.pick(one.id)} />}
      <Group grow align="flex-start">
        <FoundSelect
          kind="artifact"
          scope={{ environmentId: environment?.id }}
          label={t.newTask.artifact}
          placeholder={t.newTask.pickArtifact}
          only={(one) => places.includes(one.workspaceId)}
          value={chosen?.id ?? null}
          change={(id) => id && props.pick(id)}
          error={act.at('artifact')}
          required
        />
        <Select
          label={t.newTask.version}
          data={chosen?.versions ?? []}
          value={what.version || null}
          onChange={(version) => version && change({ version })}
          disabled={!chosen}
        />
      </Group>
      <TextInput
        label={t.newTask.name}
        value={what.name}
        onChange={(event) => change({ name: event.currentTarget.value })}
        error={act.at('name')}
        required
      />
      <TextInput
        label={t.description}
        value={what.description}
        onChange={(event) => change({ description: event.currentTarget.value })}
        error={act.at('description')}
      />
      <TextInput
        label={w.task.tags}
        description={w.task.tagsHint}
        value={what.tags}
        onChange={(event) => change({ tags: event.currentTarget.value })}
        error={act.at('tags')}
      />
      <Checkbox
        label={w.task.upgrade}
        description={w.task.upgradeHint}
        checked={what.upgrade}
        onChange={(event) => change({ upgrade: event.currentTarget.checked })}
      />
    </>
  );
}

function RunStep({ how, change, act }: { how: How; change: (part: Partial<How>) => void; act: Act }) {
  return (
    <>
      <PlaceSelect
        value={how.place}
        change={(place) => change({ place, ...(place?.id === how.place?.id ? {} : { profile: '' }) })}
      />
      <Group grow align="flex-start">
        <PlaceExtras how={how} change={change} error={act.at} />
      </Group>
      <Group grow align="flex-start">
        <Select
          label={w.task.level}
          data={LEVELS}
          value={how.logLevel}
          allowDeselect={false}
          onChange={(logLevel) => logLevel && change({ logLevel })}
          error={act.at('logLevel')}
        />
        <TextInput
          label={w.task.timeout}
          placeholder={w.task.timeoutHint}
          inputMode="numeric"
          value={how.timeout}
          onChange={(event) => change({ timeout: event.currentTarget.value })}
          error={act.at('timeout')}
        />
      </Group>
      <Checkbox
        label={t.newTask.parallel}
        checked={how.parallel}
        onChange={(event) => change({ parallel: event.currentTarget.checked })}
      />
    </>
  );
}

const WHAT_FIELDS = ['name', 'description', 'tags', 'artifact'];
const HOW_FIELDS = ['logLevel', 'timeout', 'runProfileId', 'remoteRunAsUser'];

const EMPTY: What = {
  name: '',
  description: '',
  tags: '',
  version: '',
  upgrade: false,
  override: false,
  parameters: {},
  connections: {},
  resources: {},
};

/** Makes the task that storing begins with, unless it is there already. */
async function make(artifact: Artifact, what: What, environmentId: string): Promise<Task> {
  const made = await body(
    core.POST('/orchestration/executables/tasks', {
      body: {
        name: what.name.trim(),
        workspaceId: artifact.workspace.id ?? '',
        environmentId,
        artifact: { id: artifact.id, version: what.version },
      },
    }),
  );
  return body(core.GET('/orchestration/executables/tasks/{taskId}', { params: { path: { taskId: made.id } } }));
}

/** `first` is the artifact it begins with. */
function Wizard({ draft, first }: { draft?: Task; first?: Artifact }) {
  const scope = useScope();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [chosen, setChosen] = useState(first);
  const [what, setWhat] = useState<What>(
    draft ? whatOf(draft) : { ...EMPTY, name: first?.name ?? '', version: first?.versions[0] ?? '' },
  );
  const [how, setHow] = useState<How>(howOf(undefined));
  const [step, setStep] = useState(draft ? 1 : 0);
  const [stored, setStored] = useState(draft);
  const [when, setWhen] = useState<When>(byHand);
  const now = useNow(60_000);
  const act = useAct(...WHAT_FIELDS, ...HOW_FIELDS);
  const details = useQuery(artifactVersion(chosen?.id ?? '', what.version));
  const executes = useRight(chosen?.workspace.id, 'EXECUTE');
  const declared = details.data?.parameters ?? [];
  const change = (part: Partial<What>) => setWhat((old) => ({ ...old, ...part }));
  const pick = (id: string) =>
    act.act(async () => {
      const one = await queries.fetchQuery({ ...artifact(id), staleTime: 0 });
      setChosen(one);
      setWhat((old) => ({
        ...old,
        name: old.name || one.name,
        version: one.versions[0] ?? '',
        parameters: {},
        connections: {},
        resources: {},
      }));
    });
  const store = async (finish: boolean) => {
    if (!chosen) return;
    const it = stored ?? (await make(chosen, what, scope.environment?.id ?? ''));
    setStored(it);
    const secret = new Set(declared.filter((one) => isSecret(one.type)).map((one) => one.name));
    await storeWhat({ ...it, artifact: { ...it.artifact, id: chosen.id } }, what, secret);
    if (finish) {
      await storeHow(it.id, how, undefined);
      const schedule = await scheduleFor(when, scope.environment?.id ?? '');
      if (schedule) {
        setWhen((old) => ({ ...old, schedule }));
        await attach({ id: it.id, plan: false }, schedule);
      }
    }
    await queries.invalidateQueries({ queryKey: ['objects'] });
    await navigate({ to: '/tasks/$id', params: { id: it.id } });
  };
  // What was refused of an earlier step is to be seen there.
  const refused = [WHAT_FIELDS, [], HOW_FIELDS].findIndex((fields) => fields.some((one) => act.at(one) !== undefined));
  useEffect(() => {
    if (refused >= 0) setStep(refused);
  }, [refused]);
  const trigger = refusalOf(act.error, isTriggerField);
  const atTrigger = step === LAST && Object.keys(trigger.fields).length > 0;
  const complete = chosen !== undefined && what.name.trim() !== '';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (step < LAST) setStep(step + 1);
    else void act.act(() => store(true));
  };
  const fields = [
    <ArtifactStep key="artifact" what={what} change={change} act={act} chosen={chosen} pick={pick} />,
    declared.length > 0 ? (
      <Stack key="parameters">
        <LinkFields declared={declared.map((one) => one.name)} value={what} change={change} error={act.at} />
        <ParameterFields
          declared={declared.filter((one) => !isLink(one.name) || one.name in what.parameters)}
          values={what.parameters}
          change={(parameters) => change({ parameters })}
        />
      </Stack>
    ) : (
      <Text key="parameters" className="muted">
        {details.isPending ? t.loading : w.wizard.noParameters}
      </Text>
    ),
    executes ? (
      <RunStep key="run" how={how} change={(part) => setHow((old) => ({ ...old, ...part }))} act={act} />
    ) : (
      <Notice key="run" tone="idle" title={w.wizard.needExecute} />
    ),
    executes ? (
      <WhenStep
        key="when"
        when={when}
        change={(part) => setWhen((old) => ({ ...old, ...part }))}
        refusal={trigger}
        now={now}
      />
    ) : (
      <Notice key="when" tone="idle" title={w.wizard.needExecute} />
    ),
  ];
  const ready = executes && how.place !== undefined && details.data !== undefined;
  const timed = when.how !== 'stored' || when.schedule !== undefined;
  return (
    <div className="page">
      <Head title={stored ? w.wizard.draftTitle(stored.name) : t.newTask.title} />
      <form className="panel wizard" onSubmit={submit} noValidate>
        <ol className="wizard-steps" aria-label={w.wizard.label}>
          {w.wizard.steps.map((name, number) => (
            <li key={name}>
              <button
                type="button"
                aria-current={number === step ? 'step' : undefined}
                disabled={number > 0 && !complete}
                onClick={() => setStep(number)}
              >
                <span aria-hidden>{number + 1}</span> {name}
              </button>
            </li>
          ))}
        </ol>
        <Stack mt="md">
          <Title order={2} size="h2">
            {w.wizard.at(step + 1, w.wizard.steps.length)}
          </Title>
          {fields[step]}
          {!atTrigger && act.rest}
          <Text size="sm" className="muted">
            {stored && act.error !== undefined ? w.wizard.halfDone : w.wizard.draftHint}
          </Text>
          <Group justify="space-between">
            <Button variant="default" disabled={step === 0} onClick={() => setStep(step - 1)}>
              {w.wizard.back}
            </Button>
            <Group>
              <Button
                variant="default"
                disabled={!complete || details.data === undefined}
                loading={act.busy}
                onClick={() => void act.act(() => store(false))}
              >
                {w.wizard.saveDraft}
              </Button>
              <Button type="submit" loading={act.busy} disabled={!complete || (step === LAST && !(ready && timed))}>
                {step < LAST ? w.wizard.next : w.wizard.finish}
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </div>
  );
}

/** The page: for a new task, or for a draft that is named in the address. */
export function NewTask() {
  const search = useSearch({ from: '/tasks/new' });
  const scope = useScope();
  const all = useQuery(artifactPage({ environmentId: scope.environment?.id }, 0));
  const draft = useQuery({ ...task(search.task ?? ''), enabled: search.task !== undefined });
  const config = useQuery({ ...runConfig(search.task ?? ''), enabled: search.task !== undefined });
  const wanted = search.artifact ?? draft.data?.artifact.id;
  const first = useQuery({ ...artifact(wanted ?? ''), enabled: wanted !== undefined });
  const bare = config.error instanceof Problem && [404, 501].includes(config.error.status);
  const places = useWorkspacesWith('AUTHOR').map((one) => one.id);
  const publishes = useWorkspacesWith('PUBLISH').length > 0;
  const operator = useMay('TMC_OPERATOR');
  if (isLost(all)) return <Failure error={all.error} retry={() => all.refetch()} />;
  if (isLost(draft)) return <Failure error={draft.error} retry={() => draft.refetch()} />;
  if (isLost(first)) return <Failure error={first.error} retry={() => first.refetch()} />;
  if (!all.data || (search.task && (!draft.data || (!config.data && !bare))) || (wanted && !first.data))
    return <Waiting />;
  if (!operator || places.length === 0) return <Notice tone="idle" title={w.wizard.noAuthor} />;
  if (config.data?.runtime?.id) {
    return (
      <Notice tone="idle" title={w.wizard.notHere}>
        <Link to="/tasks/$id" params={{ id: search.task ?? '' }}>
          {t.newTask.open}
        </Link>
      </Notice>
    );
  }
  if (all.data.total === 0 && !publishes) {
    return (
      <Empty title={t.newTask.noArtifacts} action={<Link to="/artifacts">{t.nav.artifacts}</Link>}>
        {t.newTask.noArtifactsHint}
      </Empty>
    );
  }
  return <Wizard key={search.task ?? 'new'} draft={draft.data} first={first.data} />;
}
