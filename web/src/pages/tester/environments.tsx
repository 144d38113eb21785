/** Environments of a project: named sets of variables. */

import { ActionIcon, Button, Checkbox, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import type { Document, Environment, Variable } from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { Dialog } from '../../ui/parts';

/** Variables as they were made. */
const ordered = (environment: Environment) =>
  Object.entries(environment.variables).sort(([, one], [, other]) =>
    `${one.createdAt ?? ''} ${one.name}` < `${other.createdAt ?? ''} ${other.name}` ? -1 : 1,
  );

function Line({
  id,
  one,
  kept,
  change,
  remove,
}: {
  id: string;
  one: Variable;
  kept: boolean;
  change: (one: Variable) => void;
  remove: () => void;
}) {
  const named = one.name || x.variable;
  const value = { 'aria-label': `${x.value} ${named}`, value: one.value ?? '' };
  return (
    <div className="tester-row" key={id}>
      <Checkbox
        aria-label={`${x.on} ${named}`}
        checked={one.enabled === true}
        onChange={(event) => change({ ...one, enabled: event.currentTarget.checked })}
      />
      <TextInput
        aria-label={`${x.name} ${named}`}
        value={one.name}
        onChange={(event) => change({ ...one, name: event.currentTarget.value })}
      />
      {one.private ? (
        <PasswordInput
          {...value}
          placeholder={kept ? x.kept : x.value}
          autoComplete="off"
          onChange={(event) => change({ ...one, value: event.currentTarget.value || undefined })}
        />
      ) : (
        <TextInput {...value} onChange={(event) => change({ ...one, value: event.currentTarget.value })} />
      )}
      <span style={{ display: 'flex', gap: 8 }}>
        <Checkbox
          mt={8}
          label={x.secret}
          aria-label={`${x.secret} ${named}`}
          checked={one.private === true}
          onChange={(event) => change({ ...one, private: event.currentTarget.checked })}
        />
        <ActionIcon variant="subtle" color="gray" onClick={remove} aria-label={`${x.remove} ${named}`} mt={4}>
          <IconTrash size={16} aria-hidden />
        </ActionIcon>
      </span>
    </div>
  );
}

export function Environments(props: {
  open: boolean;
  close: () => void;
  document: Document;
  secrets: string[];
  change: (make: (document: Document) => Document) => void;
}) {
  const all = props.document.environments ?? [];
  const set = (environments: Environment[]) => props.change((document) => ({ ...document, environments }));
  const edit = (changed: Environment) => set(all.map((one) => (one.id === changed.id ? changed : one)));
  return (
    <Dialog open={props.open} close={props.close} title={x.environments} wide>
      <Stack>
        <Text className="muted">{x.environmentsHint}</Text>
        {all.map((environment) => {
          const put = (id: string, one: Variable) =>
            edit({ ...environment, variables: { ...environment.variables, [id]: one } });
          return (
            <section className="panel" key={environment.id} aria-label={environment.name}>
              <TextInput
                label={x.environment}
                value={environment.name}
                onChange={(event) => edit({ ...environment, name: event.currentTarget.value })}
                mb="sm"
              />
              {ordered(environment).map(([id, one]) => (
                <Line
                  key={id}
                  id={id}
                  one={one}
                  kept={props.secrets.includes(id)}
                  change={(changed) => put(id, changed)}
                  remove={() => {
                    const { [id]: _, ...variables } = environment.variables;
                    edit({ ...environment, variables });
                  }}
                />
              ))}
              <Button
                variant="default"
                onClick={() =>
                  put(crypto.randomUUID(), { name: '', value: '', enabled: true, createdAt: new Date().toISOString() })
                }
              >
                {x.addVariable}
              </Button>{' '}
              <Button
                variant="subtle"
                color="gray"
                onClick={() => set(all.filter((one) => one.id !== environment.id))}
                aria-label={`${x.remove} ${environment.name}`}
              >
                {x.remove}
              </Button>
            </section>
          );
        })}
        <Button
          onClick={() =>
            set([...all, { id: crypto.randomUUID(), name: `${x.environment} ${all.length + 1}`, variables: {} }])
          }
        >
          {x.addEnvironment}
        </Button>
      </Stack>
    </Dialog>
  );
}
