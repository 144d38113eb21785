/** Rows of name and value, and what all lists of rows share. */

import { ActionIcon, Autocomplete, Button, Checkbox, Group, Select, Text, Textarea, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import type { Row } from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { Expression } from './expression';

export function Remove({ what, act }: { what: string; act: () => void }) {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      onClick={act}
      aria-label={`${x.remove} ${what}`}
      className="tester-remove"
    >
      <IconTrash size={16} aria-hidden />
    </ActionIcon>
  );
}

export function Add({ label, act }: { label: string; act: () => void }) {
  return (
    <Button variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={act} className="tester-add">
      {label}
    </Button>
  );
}

export const replaced = <T,>(list: T[], at: number, one: T) => list.map((known, index) => (index === at ? one : known));
export const dropped = <T,>(list: T[], at: number) => list.filter((_, index) => index !== at);

/** Parts of a form that may be files. */
const KINDS = (Object.keys(x.partKinds) as (keyof typeof x.partKinds)[]).map((value) => ({
  value,
  label: x.partKinds[value],
}));

interface Wish {
  what: string;
  rows: Row[];
  change: (rows: Row[]) => void;
  /** Names that are offered. */
  names?: readonly string[];
  /** Whether a row may be a file. */
  files?: boolean;
}

/** Rows of name and value. */
export function Rows({ what, rows, change, names, files }: Wish) {
  // A row that was just added is where one goes on typing.
  const [added, setAdded] = useState<number>();
  return (
    <div>
      {rows.map((row, at) => {
        const named = x.row(what, at + 1);
        const edit = (part: Partial<Row>) => change(replaced(rows, at, { ...row, ...part }));
        const field = {
          'aria-label': `${x.name} ${named}`,
          placeholder: x.name,
          value: row.name,
          autoFocus: added === at,
          spellCheck: false,
        };
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: names repeat; the place is what a row is known by.
          <div className={files ? 'tester-row with-kind' : 'tester-row'} key={at} data-off={row.enabled !== true}>
            <Checkbox
              aria-label={`${x.on} ${named}`}
              checked={row.enabled === true}
              onChange={(event) => edit({ enabled: event.currentTarget.checked })}
            />
            {names ? (
              <Autocomplete {...field} data={[...names]} limit={8} onChange={(name) => edit({ name })} size="sm" />
            ) : (
              <TextInput {...field} onChange={(event) => edit({ name: event.currentTarget.value })} />
            )}
            <Expression
              label={`${x.value} ${named}`}
              bare
              placeholder={x.value}
              value={row.value ?? ''}
              onChange={(value) => edit({ value })}
            />
            {files && (
              <Select
                aria-label={`${x.partKind} ${named}`}
                data={KINDS}
                value={row.type === 'File' ? 'File' : 'Text'}
                onChange={(type) => type && edit({ type })}
              />
            )}
            <Remove what={named} act={() => change(dropped(rows, at))} />
          </div>
        );
      })}
      {files && rows.some((row) => row.type === 'File') && <Text className="muted">{x.partFileHint}</Text>}
      <Add
        label={x.addRow}
        act={() => {
          setAdded(rows.length);
          change([...rows, { name: '', value: '', enabled: true }]);
        }}
      />
    </div>
  );
}

const lineOf = (row: Row) => `${row.enabled === true ? '' : '# '}${row.name}: ${row.value ?? ''}`;

function rowOf(line: string): Row[] {
  const match = /^(#?)\s*([^:]*?)\s*(?::\s*(.*))?$/.exec(line);
  if (!match || !line.trim()) return [];
  return [{ name: match[2] ?? '', value: match[3] ?? '', enabled: match[1] === '' }];
}

const HEADERS = [
  'Accept',
  'Accept-Encoding',
  'Accept-Language',
  'Authorization',
  'Cache-Control',
  'Content-Type',
  'Cookie',
  'Expect',
  'Host',
  'If-Match',
  'If-Modified-Since',
  'If-None-Match',
  'Origin',
  'Prefer',
  'Range',
  'Referer',
  'User-Agent',
  'X-Correlation-Id',
  'X-Forwarded-For',
  'X-Request-Id',
];

/** Headers: as rows, or as one text to be pasted and copied. */
export function HeaderRows({ rows, change }: { rows: Row[]; change: (rows: Row[]) => void }) {
  const [text, setText] = useState<string>();
  return (
    <div>
      <Group justify="flex-end" mb="xs">
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          onClick={() => setText(text === undefined ? rows.map(lineOf).join('\n') : undefined)}
        >
          {text === undefined ? x.asText : x.asRows}
        </Button>
      </Group>
      {text === undefined ? (
        <Rows what={x.tabs.headers} rows={rows} change={change} names={HEADERS} />
      ) : (
        <Textarea
          label={x.rawHeaders}
          description={x.rawHeadersHint}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            change(event.currentTarget.value.split('\n').flatMap(rowOf));
          }}
          autosize
          minRows={6}
          maxRows={24}
          spellCheck={false}
          className="tester-code"
        />
      )}
    </div>
  );
}
