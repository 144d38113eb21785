/** A setting is given another value. */

import { Select, Stack, Textarea, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Problem } from '../../api/client';
import { type Setting, setSetting, unsetSetting } from '../../api/settings';
import { undoable } from '../../lib/undo';
import { t } from '../../texts/pages';
import { s, settingText, valueText } from '../../texts/settings';
import { FormDialog, Meanwhile, useAct, useDraft } from '../../ui/fields';
import { Notice } from '../../ui/parts';

/** A value as it is typed: entries of a list one on each line. */
function typed(value: unknown): string {
  return Array.isArray(value) ? value.join('\n') : String(value ?? '');
}

/** What was typed, as the server takes it. What is no number goes as it is: the server says what it wants. */
function meant(text: string, kind: Setting['kind']): unknown {
  if (kind === 'list') {
    const lines = text.split('\n').map((one) => one.trim());
    return lines.filter(Boolean);
  }
  return kind === 'number' && /^-?\d+$/.test(text.trim()) ? Number(text.trim()) : text;
}

/** Puts back what was in force before a change, unless somebody has changed it again since. */
export function putBack(before: Setting, now: Setting): Promise<Setting> {
  return before.from === 'set'
    ? setSetting(before.name, before.value, now.version)
    : unsetSetting(before.name, now.version);
}

function hintOf(setting: Setting): string | undefined {
  if (setting.kind === 'list') return s.lines;
  if (setting.least === undefined || setting.most === undefined) return undefined;
  const { zero } = settingText(setting.name, setting.meaning);
  const range = s.range(setting.least.toLocaleString('en-GB'), setting.most.toLocaleString('en-GB'));
  return `${range} ${setting.unit ?? ''}${zero ? s.zero(zero) : ''}`;
}

export function SettingForm({ setting, close }: { setting: Setting; close: () => void }) {
  const queries = useQueryClient();
  const text = settingText(setting.name, setting.meaning);
  const stored = useMemo(() => typed(setting.value), [setting.value]);
  const edit = useDraft(stored);
  const act = useAct('value');
  const save = async () => {
    const before = setting;
    try {
      const now = await setSetting(setting.name, meant(edit.draft, setting.kind), setting.version);
      close();
      const done = s.wasSet(text.label, valueText(now.value, text));
      await undoable(
        done,
        () => queries.invalidateQueries({ queryKey: ['settings'] }),
        async () => {
          await putBack(before, now);
          await queries.invalidateQueries({ queryKey: ['settings'] });
        },
      );
    } catch (error) {
      // Somebody else was faster: what they stored is shown beside what was typed.
      if (error instanceof Problem && error.status === 409) {
        await queries.invalidateQueries({ queryKey: ['settings'] });
      }
      throw error;
    }
  };
  const days = Number(edit.draft);
  const fewer = setting.name === 'keepLogsDays' && days > 0 && (setting.value === 0 || days < Number(setting.value));
  const field = {
    label: text.label,
    description: hintOf(setting),
    error: act.at('value'),
    'data-autofocus': true,
  };
  return (
    <FormDialog
      open
      close={close}
      title={s.changeOf(text.label)}
      hint={text.hint}
      act={act}
      submit={save}
      label={t.save}
    >
      <Stack>
        <Meanwhile edit={edit} />
        {setting.kind === 'choice' ? (
          <Select
            {...field}
            data={(setting.values ?? []).map((value) => ({ value, label: valueText(value, text) }))}
            value={edit.draft}
            onChange={(value) => edit.set(value ?? edit.draft)}
            allowDeselect={false}
          />
        ) : setting.kind === 'list' ? (
          <Textarea
            {...field}
            value={edit.draft}
            onChange={(event) => edit.set(event.currentTarget.value)}
            autosize
            minRows={3}
            maxRows={12}
            spellCheck={false}
          />
        ) : (
          <TextInput
            {...field}
            value={edit.draft}
            onChange={(event) => edit.set(event.currentTarget.value)}
            inputMode="numeric"
            autoComplete="off"
          />
        )}
        {fewer && (
          <Notice tone="warn" title={s.fewerLogs}>
            {s.fewerLogsHint}
          </Notice>
        )}
      </Stack>
    </FormDialog>
  );
}
