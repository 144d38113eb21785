/** A field for a text with expressions: what it becomes stands below it, names and functions are offered while typing. */

import { Autocomplete, Combobox, Text, Textarea, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { type RefObject, useContext, useRef, useState } from 'react';
import { type Preview, preview } from '../../api/tester';
import { x } from '../../texts/tester';
import { Against } from './against';

/** Pause after the last key before the server is asked, in milliseconds. */
const PAUSE = 300;
/** Most names that are offered. */
const OFFERED = 12;

function usePreview(text: string, at: number | undefined) {
  const { id, version, values } = useContext(Against);
  const [asked] = useDebouncedValue(text, PAUSE);
  const wanted = asked.includes('${');
  return useQuery({
    queryKey: ['tester', 'preview', id, version, values, asked, at],
    queryFn: () => preview(id, values, asked, at),
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
  onBlur?: () => void;
}

interface Offer {
  insert: string;
  help: string;
  /** The whole text with it, and where the cursor then stands. */
  text: string;
  at: number;
}

type Input = HTMLInputElement | HTMLTextAreaElement;

/** What is offered at the cursor, and how it comes into the text. Places are told in characters, as the server counts. */
function useOffers(input: RefObject<Input | null>, { value, onChange }: Pick<Field, 'value' | 'onChange'>) {
  const [at, setAt] = useState<number>();
  const seen = usePreview(value, at);
  const place = (text = value) => setAt([...text.slice(0, input.current?.selectionStart ?? text.length)].length);
  const offers: Offer[] = [];
  const found = seen?.completion;
  if (found && at !== undefined && value.includes('${')) {
    const signs = [...value];
    for (const { insert, help, kind } of found.candidates.slice(0, OFFERED)) {
      const before = [...signs.slice(0, found.from), insert].join('');
      const text = before + signs.slice(at).join('');
      if (text !== value) offers.push({ insert, help: help || kind, text, at: before.length });
    }
  }
  /** Puts one in; the cursor goes behind it. */
  const take = (offer: Offer) => {
    onChange(offer.text);
    setAt([...offer.text.slice(0, offer.at)].length);
    requestAnimationFrame(() => input.current?.setSelectionRange(offer.at, offer.at));
  };
  return { seen, offers, place, take };
}

function OfferLine({ offer }: { offer: Offer | undefined }) {
  return (
    <span>
      <span className="mono">{offer?.insert}</span> <span className="muted">{offer?.help}</span>
    </span>
  );
}

/** One line. */
export function Expression(props: Field) {
  const { label, bare, value, onChange, placeholder, onBlur } = props;
  const input = useRef<HTMLInputElement>(null);
  const { seen, offers, place, take } = useOffers(input, props);
  const taken = useRef(false);
  return (
    <div style={{ minWidth: 0 }}>
      <Autocomplete
        ref={input}
        label={bare ? undefined : label}
        aria-label={bare ? label : undefined}
        value={value}
        onChange={(next) => {
          // An offer that is taken comes here too; it was put in already.
          if (taken.current) taken.current = false;
          else {
            onChange(next);
            place(next);
          }
        }}
        onOptionSubmit={(text) => {
          const offer = offers.find((one) => one.text === text);
          if (!offer) return;
          taken.current = text !== value;
          take(offer);
        }}
        onKeyUp={() => place()}
        onClick={() => place()}
        onBlur={onBlur}
        placeholder={placeholder}
        data={[...new Set(offers.map((offer) => offer.text))]}
        filter={({ options }) => options}
        renderOption={({ option }) => <OfferLine offer={offers.find((one) => one.text === option.value)} />}
        comboboxProps={{ withinPortal: true, position: 'bottom-start', width: 'max-content' }}
        classNames={{ dropdown: 'tester-offers' }}
        spellCheck={false}
        autoComplete="off"
        size="sm"
      />
      {value.includes('${') && <Becomes seen={seen} />}
    </div>
  );
}

/** Several lines. */
export function ExpressionText(props: Field) {
  const { label, value, onChange, rows } = props;
  const input = useRef<HTMLTextAreaElement>(null);
  const { seen, offers, place, take } = useOffers(input, props);
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() });
  const open = offers.length > 0 && box.dropdownOpened;
  return (
    <div>
      <Combobox
        store={box}
        position="bottom-start"
        onOptionSubmit={(text) => {
          const offer = offers.find((one) => one.text === text);
          if (offer) take(offer);
          box.closeDropdown();
        }}
      >
        <Combobox.Target withKeyboardNavigation={open} withAriaAttributes={open} withExpandedAttribute={false}>
          <Textarea
            ref={input}
            label={label}
            value={value}
            onChange={(event) => {
              onChange(event.currentTarget.value);
              place(event.currentTarget.value);
              box.openDropdown();
              box.resetSelectedOption();
            }}
            onClick={() => place()}
            onKeyUp={(event) => {
              if (event.key === 'Escape') box.closeDropdown();
              else place();
            }}
            onBlur={() => box.closeDropdown()}
            autosize
            minRows={rows ?? 6}
            maxRows={24}
            spellCheck={false}
            className="tester-code"
          />
        </Combobox.Target>
        <Combobox.Dropdown hidden={!open} className="tester-offers">
          <Combobox.Options aria-label={label}>
            {offers.map((offer) => (
              <Combobox.Option key={offer.text} value={offer.text}>
                <OfferLine offer={offer} />
              </Combobox.Option>
            ))}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
      {value.includes('${') && <Becomes seen={seen} />}
    </div>
  );
}
