/** Fields for the parameters a job declares. */

import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { t } from '../texts/pages';
import { Panel } from './parts';

/** Characters of a value that fit into a narrow panel. */
const LONG = 60;

/** Parameters that are shown before somebody asks for all of them; with more of them the panel is wide. */
const FEW = 12;

/** What was given for parameters, as a panel of its own. */
export function ParametersPanel(props: { title: string; none: string; values: [string, string][]; below?: ReactNode }) {
  const { values } = props;
  const [whole, setWhole] = useState(false);
  const shown = whole ? values : values.slice(0, FEW);
  return (
    <Panel title={props.title} wide={values.length > FEW || values.some(([, value]) => value.length > LONG)}>
      {values.length === 0 ? (
        <Text className="muted">{props.none}</Text>
      ) : (
        <dl className="facts parameters">
          {shown.map(([name, value]) => (
            <div key={name} style={{ display: 'contents' }}>
              <dt>{name}</dt>
              <dd className="mono">{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {values.length > FEW && (
        <Button mt="xs" variant="subtle" onClick={() => setWhole(!whole)} aria-expanded={whole}>
          {whole ? t.parameters.fewer : t.parameters.all(values.length)}
        </Button>
      )}
      {props.below}
    </Panel>
  );
}

/** A parameter as an artifact declares it. */
export interface Declared {
  name: string;
  value?: string;
  type: string;
  required?: boolean;
  comment?: string;
}

/** Whether values of this type must not be shown. */
export function isSecret(type: string): boolean {
  return /password|secret|encrypted/i.test(type);
}

interface Props {
  declared: Declared[];
  values: Record<string, string>;
  change: (values: Record<string, string>) => void;
  /** What holds where a field stays empty. */
  standing?: Record<string, string>;
}

/** One field for each parameter; only what was typed is in `values`. */
export function ParameterFields({ declared, values, change, standing = {} }: Props) {
  const set = (name: string, value: string) => {
    const { [name]: _, ...rest } = values;
    change(value === '' ? rest : { ...rest, [name]: value });
  };
  return (
    <Stack gap="xs">
      {declared.map((one) => {
        const shared = {
          label: one.name,
          description: [one.comment, one.required ? t.newTask.required : ''].filter(Boolean).join(' · ') || undefined,
          value: values[one.name] ?? '',
          onChange: (event: React.ChangeEvent<HTMLInputElement>) => set(one.name, event.currentTarget.value),
          autoComplete: 'off',
        };
        return isSecret(one.type) ? (
          <PasswordInput key={one.name} {...shared} visibilityToggleButtonProps={{ 'aria-label': t.signIn.show }} />
        ) : (
          <TextInput key={one.name} {...shared} placeholder={standing[one.name] ?? one.value ?? ''} />
        );
      })}
    </Stack>
  );
}
