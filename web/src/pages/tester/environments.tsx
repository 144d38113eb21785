/** Environments of a project: named sets of variables, one at a time. */

import { Button, Checkbox, Group, PasswordInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import type { Document, Environment, Variable } from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { Dialog, Empty } from '../../ui/parts';
import { Add, Remove } from './rows';

/** Variables as they were made. */
const ordered = (environment: Environment) =>
  Object.entries(environment.variables).sort(([, one], [, other]) =>
    `${one.createdAt ?? ''} ${one.name}` < `${other.createdAt ?? ''} ${other.name}` ? -1 : 1,
  );

function Line(props: { one: Variable; kept: boolean; change: (one: Variable) => void; remove: () => void }) {
  const { one, change } = props;
  const named = one.name || x.variable;
  const value = { 'aria-label': `${x.value} ${named}`, value: one.value ?? '', placeholder: x.value };
  return (
    <div className="tester-variable" data-off={one.enabled !== true}>
      <Checkbox
        aria-label={`${x.on} ${named}`}
        checked={one.enabled === true}
        onChange={(event) => change({ ...one, enabled: event.currentTarget.checked })}
      />
      <TextInput
        aria-label={`${x.name} ${named}`}
        placeholder={x.name}
        value={one.name}
        spellCheck={false}
        onChange={(event) => change({ ...one, name: event.currentTarget.value })}
      />
      {one.private ? (
        <PasswordInput
          {...value}
          size="sm"
          placeholder={props.kept ? x.kept : x.value}
          autoComplete="off"
          onChange={(event) => change({ ...one, value: event.currentTarget.value || undefined })}
        />
      ) : (
        <TextInput
          {...value}
          spellCheck={false}
          onChange={(event) => change({ ...one, value: event.currentTarget.value })}
        />
      )}
      <Checkbox
        label={x.secret}
        aria-label={`${x.secret} ${named}`}
        checked={one.private === true}
        onChange={(event) => change({ ...one, private: event.currentTarget.checked })}
      />
      <Remove what={named} act={props.remove} />
    </div>
  );
}

function Variables(props: { environment: Environment; secrets: string[]; change: (environment: Environment) => void }) {
  const { environment, change } = props;
  const all = ordered(environment);
  const put = (id: string, one: Variable) =>
    change({ ...environment, variables: { ...environment.variables, [id]: one } });
  const fresh = () =>
    put(crypto.randomUUID(), { name: '', value: '', enabled: true, createdAt: new Date().toISOString() });
  return (
    <div>
      {all.length === 0 && (
        <Text className="muted" mb="xs">
          {x.noVariables}
        </Text>
      )}
      {all.map(([id, one]) => (
        <Line
          key={id}
          one={one}
          kept={props.secrets.includes(id)}
          change={(changed) => put(id, changed)}
          remove={() => {
            const { [id]: _, ...variables } = environment.variables;
            change({ ...environment, variables });
          }}
        />
      ))}
      <Add label={x.addVariable} act={fresh} />
    </div>
  );
}

/** The same with other ids. Values of secret variables stay where they are kept. */
function copied(environment: Environment): Environment {
  const variables = Object.values(environment.variables).map((one) => [crypto.randomUUID(), one]);
  return {
    ...environment,
    id: crypto.randomUUID(),
    name: x.environmentCopy(environment.name),
    variables: Object.fromEntries(variables),
  };
}

export function Environments(props: {
  open: boolean;
  close: () => void;
  document: Document;
  secrets: string[];
  chosen: string | undefined;
  choose: (id: string | undefined) => void;
  change: (make: (document: Document) => Document, what?: string) => void;
}) {
  const all = props.document.environments ?? [];
  const environment = all.find((one) => one.id === props.chosen) ?? all[0];
  const set = (make: (all: Environment[]) => Environment[], what?: string) =>
    props.change((document) => ({ ...document, environments: make(document.environments ?? []) }), what);
  const edit = (changed: Environment) =>
    set((now) => now.map((one) => (one.id === changed.id ? changed : one)), changed.id);
  const append = (made: Environment) => {
    set((now) => [...now, made]);
    props.choose(made.id);
  };
  const remove = (id: string) => {
    set((now) => now.filter((one) => one.id !== id));
    props.choose(undefined);
  };
  return (
    <Dialog open={props.open} close={props.close} title={x.environments} wide>
      <Stack>
        <Text className="muted">{x.environmentsHint}</Text>
        <Group gap="xs" align="flex-end">
          {environment && (
            <Select
              label={x.environment}
              data={all.map((one) => ({ value: one.id, label: one.name }))}
              value={environment.id}
              onChange={(id) => id && props.choose(id)}
              flex="1 1 12rem"
            />
          )}
          <Button
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() =>
              append({ id: crypto.randomUUID(), name: `${x.environment} ${all.length + 1}`, variables: {} })
            }
          >
            {x.addEnvironment}
          </Button>
          {environment && (
            <>
              <Button variant="default" onClick={() => append(copied(environment))}>
                {x.duplicate}
              </Button>
              <Button
                variant="default"
                onClick={() => remove(environment.id)}
                aria-label={`${x.remove} ${environment.name}`}
              >
                {x.remove}
              </Button>
            </>
          )}
        </Group>
        {environment ? (
          <section aria-label={environment.name}>
            <TextInput
              label={x.name}
              value={environment.name}
              onChange={(event) => edit({ ...environment, name: event.currentTarget.value })}
              mb="md"
              maw="24rem"
            />
            <Variables environment={environment} secrets={props.secrets} change={edit} />
          </section>
        ) : (
          <Empty title={x.environmentsNone} />
        )}
      </Stack>
    </Dialog>
  );
}
