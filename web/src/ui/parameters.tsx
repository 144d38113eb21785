/** Fields for the parameters a job declares. */

import { PasswordInput, Stack, TextInput } from '@mantine/core';
import { t } from '../texts/pages';

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
