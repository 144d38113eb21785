/** Assertions and values that are taken, each judged against the latest response while it is typed. */

import { ActionIcon, Checkbox, Select, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconArrowBarToLeft, IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useContext } from 'react';
import { type Check, judge } from '../../api/tester';
import type { Assertion, Entity, Extraction } from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { Against, useAnswered } from './against';
import { comparisons, WITHOUT_VALUE } from './comparisons';
import { Expression } from './expression';
import { Add, dropped, Remove, replaced } from './rows';

interface Part {
  entity: Entity;
  change: (entity: Entity) => void;
}

/** Pause after the last key before the server is asked, in milliseconds. */
const PAUSE = 300;

/** What the latest response says to the request as it is typed; nothing while that is not known. */
function useJudged(entity: Entity) {
  const { id, version, values } = useContext(Against);
  const answered = useAnswered();
  const { assertions = [] } = entity;
  const { extract = [] } = entity.stoker ?? {};
  const wish = JSON.stringify({ assertions, extract });
  const [asked] = useDebouncedValue(wish, PAUSE);
  return useQuery({
    queryKey: ['tester', 'checks', id, version, values, entity.id, asked, answered],
    queryFn: () => judge(id, values, { id: entity.id, type: 'Request', name: 'x', assertions, stoker: { extract } }),
    enabled: asked === wish && assertions.length + extract.length > 0,
    placeholderData: (before) => before,
    retry: false,
    gcTime: 30_000,
  }).data;
}

const SUBJECTS = Object.entries(x.subjects).map(([value, label]) => ({ value, label }));
const FIRST_PATH: Record<string, string> = {
  ResponseStatus: 'code',
  ResponseBody: 'content',
  ResponseJsonBody: '$',
  ResponseXmlBody: '/',
  Response: 'duration',
};
const PATHS: Record<string, readonly string[]> = {
  ResponseStatus: ['code', 'message'],
  ResponseBody: ['content', 'length'],
  Response: ['duration', 'latency'],
};

/** Where a value comes from; where there are only some places, they are offered. */
function Source(props: {
  named: string;
  one: { subject: string; path?: string };
  edit: (part: { subject?: string; path?: string }) => void;
}) {
  const { named, one, edit } = props;
  const known = SUBJECTS.some((subject) => subject.value === one.subject);
  const places = PATHS[one.subject];
  const path = one.path ?? '';
  return (
    <>
      <Select
        aria-label={`${x.subject} ${named}`}
        className="at-subject"
        data={known ? SUBJECTS : [...SUBJECTS, one.subject]}
        value={one.subject}
        onChange={(subject) => subject && edit({ subject, path: FIRST_PATH[subject] ?? '' })}
      />
      {places ? (
        <Select
          aria-label={`${x.path} ${named}`}
          className="at-path"
          data={places.includes(path) ? [...places] : [...places, path]}
          value={path}
          onChange={(next) => next && edit({ path: next })}
        />
      ) : (
        <TextInput
          aria-label={`${x.path} ${named}`}
          className="at-path"
          placeholder={one.subject === 'ResponseHeader' ? x.headerName : x.path}
          value={path}
          onChange={(event) => edit({ path: event.currentTarget.value })}
          spellCheck={false}
        />
      )}
    </>
  );
}

/** What an assertion says now. */
function Said({ said, named, take }: { said: Check | undefined; named: string; take?: (received: string) => void }) {
  if (!said) return null;
  const holds = said.outcome === 'Ok';
  const Sign = holds ? IconCircleCheck : IconCircleX;
  const { received } = said;
  return (
    <div className={`tester-said tone-${holds ? 'good' : said.outcome === 'Error' ? 'warn' : 'bad'}`}>
      <Sign size={15} aria-hidden />
      <span className="tester-said-text">
        {holds ? x.holds : said.message || x.holdsNot}
        {holds && received !== null && (
          <>
            {': '}
            <span className="mono">{received}</span>
          </>
        )}
      </span>
      {!holds && received !== null && take && (
        <Tooltip label={x.takeReceived}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={`${x.takeReceived} ${named}`}
            onClick={() => take(received)}
          >
            <IconArrowBarToLeft size={15} aria-hidden />
          </ActionIcon>
        </Tooltip>
      )}
    </div>
  );
}

export function Checks({ entity, change }: Part) {
  const all = entity.assertions ?? [];
  const judged = useJudged(entity);
  const set = (assertions: Assertion[]) => change({ ...entity, assertions });
  return (
    <Stack gap="sm" align="stretch">
      <Text className="muted">{all.length === 0 ? x.checksNone : judged?.known ? x.judgedNow : x.judgedLater}</Text>
      {all.map((one, at) => {
        const named = x.row(x.tabs.checks, at + 1);
        const edit = (part: Partial<Assertion>) => set(replaced(all, at, { ...one, ...part }));
        const said = judged?.known && judged.checks.length === all.length ? judged.checks[at] : undefined;
        const on = one.enabled !== false;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the order of assertions is their identity.
          <div className="tester-check" key={at} data-off={!on}>
            <Checkbox
              aria-label={`${x.on} ${named}`}
              checked={on}
              onChange={(event) => edit({ enabled: event.currentTarget.checked })}
            />
            <Source named={named} one={one} edit={edit} />
            <Select
              aria-label={`${x.comparison} ${named}`}
              className="at-how"
              data={comparisons(one.comparison)}
              value={one.comparison}
              onChange={(comparison) => comparison && edit({ comparison })}
            />
            {WITHOUT_VALUE.includes(one.comparison) ? (
              <span className="at-value" />
            ) : (
              <div className="at-value">
                <Expression
                  label={`${x.expected} ${named}`}
                  bare
                  placeholder={x.expected}
                  value={one.value ?? ''}
                  onChange={(value) => edit({ value })}
                />
              </div>
            )}
            <Remove what={named} act={() => set(dropped(all, at))} />
            {on && (
              <Said
                said={said}
                named={named}
                take={one.comparison === 'Equals' ? (value) => edit({ value }) : undefined}
              />
            )}
          </div>
        );
      })}
      <div>
        <Add
          label={x.addCheck}
          act={() =>
            set([
              ...all,
              { subject: 'ResponseStatus', path: 'code', comparison: 'Equals', value: '200', enabled: true },
            ])
          }
        />
      </div>
    </Stack>
  );
}

export function Extracts({ entity, change }: Part) {
  const all = entity.stoker?.extract ?? [];
  const judged = useJudged(entity);
  const set = (extract: Extraction[]) => change({ ...entity, stoker: { ...entity.stoker, extract } });
  return (
    <Stack gap="sm" align="stretch">
      <Text className="muted">{x.extractHint}</Text>
      {all.map((one, at) => {
        const named = x.row(x.tabs.extract, at + 1);
        const edit = (part: Partial<Extraction>) => set(replaced(all, at, { ...one, ...part }));
        const taken = judged?.known && judged.extracted.length === all.length ? judged.extracted[at] : undefined;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the place is what a row is known by.
          <div className="tester-extract" key={at}>
            <TextInput
              aria-label={`${x.variableName} ${named}`}
              placeholder={x.variableName}
              value={one.name}
              onChange={(event) => edit({ name: event.currentTarget.value })}
              spellCheck={false}
            />
            <Source named={named} one={one} edit={edit} />
            <Remove what={named} act={() => set(dropped(all, at))} />
            {taken && (
              <div className={`tester-said tone-${taken.problem ? 'bad' : 'good'}`}>
                <span className="tester-said-text">
                  {taken.problem ?? (
                    <>
                      {x.takenNow}: <span className="mono">{taken.value}</span>
                    </>
                  )}
                </span>
              </div>
            )}
          </div>
        );
      })}
      <div>
        <Add label={x.addExtract} act={() => set([...all, { name: '', subject: 'ResponseJsonBody', path: '$' }])} />
      </div>
    </Stack>
  );
}
