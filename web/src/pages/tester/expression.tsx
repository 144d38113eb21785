/** A field for a text with expressions: what it becomes stands below it, names and functions are offered while typing. */

import { Autocomplete, Text, Textarea } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { createContext, useContext, useRef, useState } from 'react';
import { type Preview, preview } from '../../api/tester';
import { x } from '../../texts/tester';

/** Against what expressions are evaluated. */
export const Against = createContext<{ id: string; version: number; environmentId?: string }>({ id: '', version: 0 });

/** Pause after the last key before the server is asked, in milliseconds. */
const PAUSE = 300;

function usePreview(text: string, at: number | undefined) {
  const against = useContext(Against);
  const [asked] = useDebouncedValue(text, PAUSE);
  const wanted = asked.includes('${');
  return useQuery({
    queryKey: ['tester', 'preview', against, asked, at],
    queryFn: () => preview(against.id, against.environmentId, asked, at),
    enabled: wanted && asked === text,
    placeholderData: wanted ? (before: Preview | undefined) => before : undefined,
    retry: false,
    gcTime: 30_000,
  }).data;
}

function Becomes({ seen }: { seen: Preview | undefined }) {
  if (!seen) return null;
  if (seen.problem) {
    const { message, line, column, suggestion } = seen.problem;
    return (
      <Text className="tester-preview tone-bad" component="div">
        {line}:{column} {message}
        {suggestion && ` ${x.didYouMean(suggestion)}`}
      </Text>
    );
  }
  return (
    <Text className="tester-preview muted" component="div">
      {x.preview} <span className="mono">{seen.value}</span>
      {seen.warnings.map((one) => (
        <div key={one}>{one}</div>
      ))}
    </Text>
  );
}

interface Field {
  label: string;
  /** Whether the label is only for those who cannot see. */
  bare?: boolean;
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  /** Lines at least. */
  rows?: number;
}

/** One line. */
export function Expression({ label, bare, value, onChange, placeholder }: Field) {
  const input = useRef<HTMLInputElement>(null);
  const [at, setAt] = useState<number>();
  const place = () => setAt([...value.slice(0, input.current?.selectionStart ?? value.length)].length);
  const seen = usePreview(value, at);
  const found = seen?.completion;
  const signs = [...value];
  const helps = new Map<string, { insert: string; help: string }>();
  if (found && at !== undefined && value.includes('${')) {
    for (const one of found.candidates.slice(0, 12)) {
      helps.set([...signs.slice(0, found.from), one.insert, ...signs.slice(at)].join(''), {
        insert: one.insert,
        help: one.help || one.kind,
      });
    }
    helps.delete(value);
  }
  return (
    <div style={{ minWidth: 0 }}>
      <Autocomplete
        ref={input}
        label={bare ? undefined : label}
        aria-label={bare ? label : undefined}
        value={value}
        onChange={(next) => {
          onChange(next);
          setAt([...next.slice(0, input.current?.selectionStart ?? next.length)].length);
        }}
        onKeyUp={place}
        onClick={place}
        placeholder={placeholder}
        data={[...helps.keys()]}
        filter={({ options }) => options}
        renderOption={({ option }) => (
          <span>
            <span className="mono">{helps.get(option.value)?.insert ?? option.value}</span>{' '}
            <span className="muted">{helps.get(option.value)?.help}</span>
          </span>
        )}
        comboboxProps={{ withinPortal: true }}
        spellCheck={false}
        autoComplete="off"
      />
      {value.includes('${') && <Becomes seen={seen} />}
    </div>
  );
}

/** Several lines. */
export function ExpressionText({ label, value, onChange, rows }: Field) {
  const seen = usePreview(value, undefined);
  return (
    <div>
      <Textarea
        label={label}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        autosize
        minRows={rows ?? 6}
        maxRows={24}
        spellCheck={false}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
      />
      {value.includes('${') && <Becomes seen={seen} />}
    </div>
  );
}
