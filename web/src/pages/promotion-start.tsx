/** Analysing and running a promotion: what, with which options. */

import { Button, Checkbox, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, core, Problem } from '../api/client';
import type { Promotion } from '../api/infra';
import { workspaces } from '../api/queries';
import type { Kind as Many } from '../lib/use-many';
import { infra } from '../texts/infra';
import { useAct } from '../ui/fields';
import { FoundSelect } from '../ui/found';
import { ConfirmButton } from '../ui/parts';

const p = infra.promotions;
type Kind = 'ALL' | 'WORKSPACE' | 'PLAN' | 'FLOW' | 'ACTION';

/** Kinds that there can be many of, with what the field for choosing calls them. */
const MANY: Partial<Record<Kind, Many>> = { FLOW: 'task', PLAN: 'plan', ACTION: 'artifact' };

/** The id of the run that a refusal points at. */
export function runOf(error: unknown): string | undefined {
  if (!(error instanceof Problem)) return undefined;
  return /execution ([0-9a-f]{8}-[0-9a-f-]{27})/.exec(error.message)?.[1];
}

/** The form; `show` is told which analysis or run to look at. Who may not run it can fill it in, but not send it. */
export function StartForm({ it, may, show }: { it: Promotion; may: boolean; show: (run: string | undefined) => void }) {
  const queries = useQueryClient();
  const [kind, setKind] = useState<Kind>('ALL');
  const [object, setObject] = useState<string | null>(null);
  const [keepResources, setKeepResources] = useState(false);
  const [keepProfiles, setKeepProfiles] = useState(false);
  const [context, setContext] = useState('');
  const source = it.sourceEnvironment?.id;
  const many = MANY[kind];
  const spaces = useQuery(workspaces());
  const objects = (spaces.data ?? [])
    .filter((one) => one.environment?.id === source && one.type !== 'personal')
    .map((one) => ({ value: one.id ?? '', label: one.name ?? '' }));
  const act = useAct('context', 'promotionAdvancedInfo', 'advanced');
  const ready = may && (kind === 'ALL' || object !== null);
  const options = {
    keepTargetResources: keepResources,
    keepTargetRunProfiles: keepProfiles,
    context: context || undefined,
  };
  const renewed = () => queries.invalidateQueries({ queryKey: ['objects', 'promotion-runs'] });
  const analyse = async () => {
    const made = await body(
      core.POST('/orchestration/executables/promotions/{promotionId}', {
        params: { path: { promotionId: it.executable } },
        body: {
          ...options,
          promotionAdvancedInfo: kind === 'ALL' ? undefined : { type: kind, id: object ?? '' },
        },
      }),
    );
    await renewed();
    show(made.executionId);
  };
  const run = async () => {
    try {
      const made = await body(
        core.POST('/processing/executions/promotions', {
          body: {
            executable: it.executable,
            ...options,
            advanced: kind === 'ALL' ? undefined : { artifactType: kind, artifactId: object ?? '' },
          },
        }),
      );
      await queries.invalidateQueries({ queryKey: ['objects'] });
      // A long one answers before its end and without its id; the list of runs has it.
      show(made?.executionId);
    } catch (problem) {
      await renewed();
      const failed = runOf(problem);
      if (!failed) throw problem;
      show(failed);
    }
  };
  return (
    <form onSubmit={act.send(analyse)}>
      <Stack gap="sm">
        <div className="fields">
          <Select
            label={p.what}
            data={Object.entries(p.kinds).map(([value, label]) => ({ value, label }))}
            value={kind}
            onChange={(one) => {
              if (!one) return;
              setKind(one as Kind);
              setObject(null);
            }}
          />
          {many && (
            <FoundSelect
              key={kind}
              kind={many}
              scope={{ environmentId: source }}
              label={p.itemKinds[kind] ?? kind}
              placeholder={p.pickObject}
              value={object}
              change={setObject}
              error={act.at('promotionAdvancedInfo') ?? act.at('advanced')}
              placed
              required
            />
          )}
          {kind === 'WORKSPACE' && (
            <Select
              label={p.itemKinds[kind] ?? kind}
              placeholder={p.pickObject}
              data={objects}
              value={object}
              onChange={setObject}
              error={act.at('promotionAdvancedInfo') ?? act.at('advanced')}
              searchable
              limit={200}
              required
            />
          )}
        </div>
        <Checkbox
          label={p.keepResources}
          checked={keepResources}
          onChange={(event) => setKeepResources(event.currentTarget.checked)}
        />
        <Checkbox
          label={p.keepProfiles}
          checked={keepProfiles}
          onChange={(event) => setKeepProfiles(event.currentTarget.checked)}
        />
        <TextInput
          label={p.context}
          description={p.contextHint}
          value={context}
          onChange={(event) => setContext(event.currentTarget.value)}
          error={act.at('context')}
          maxLength={255}
        />
        {act.rest}
        <Text className="muted">{p.analyseHint}</Text>
        <Group>
          <Button type="submit" loading={act.busy} disabled={!ready}>
            {p.analyse}
          </Button>
          {ready && (
            <ConfirmButton
              label={p.run}
              question={p.runAsk(it.name)}
              hint={p.runHint(it.targetEnvironment?.name ?? '')}
              act={run}
            />
          )}
        </Group>
      </Stack>
    </form>
  );
}
