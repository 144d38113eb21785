/** What can be done with all rows that are chosen: a bar above the list, and a dialog that says what will happen. */

import { Button, CloseButton, Group, Progress, Stack, Text } from '@mantine/core';
import { type ReactNode, useMemo, useState } from 'react';
import { forEach, type Outcome, planned } from '../lib/bulk';
import type { Chosen } from '../lib/use-chosen';
import { b } from '../texts/bulk';
import { t } from '../texts/pages';
import { Badge, Dialog } from './parts';

/** One thing that can be done with them. */
export interface BulkAct<T> {
  label: string;
  icon: ReactNode;
  question: (count: number) => string;
  hint: string;
  /** Why it cannot be done with one of them. */
  against: (item: T) => string | undefined;
  act: (item: T) => Promise<unknown>;
  danger?: boolean;
  /** The key that presses its button. */
  shortcut?: string;
}

interface Named<T> {
  keyOf: (item: T) => string;
  nameOf: (item: T) => ReactNode;
}

/** Rows of a dialog before the rest is only counted. */
const SHOWN = 50;

function Names<T>({ items, nameOf, keyOf, more }: Named<T> & { items: T[]; more: (item: T) => ReactNode }) {
  return (
    <ul className="rows bulk-rows">
      {items.slice(0, SHOWN).map((item) => (
        <li key={keyOf(item)}>
          <span className="grow">{nameOf(item)}</span>
          {more(item)}
        </li>
      ))}
      {items.length > SHOWN && <li className="muted">{b.more(items.length - SHOWN)}</li>}
    </ul>
  );
}

/** How one of them went. */
function Result<T>({ outcome }: { outcome: Outcome<T> | undefined }) {
  if (!outcome) return null;
  if (outcome.error === undefined) return <Badge tone="good">{b.done}</Badge>;
  const text = outcome.error instanceof Error ? outcome.error.message : String(outcome.error);
  return (
    <span className="bulk-refused">
      <Badge tone="bad">{text}</Badge>
    </span>
  );
}

/** The question, its progress, and a result for each. */
function Ask<T>(props: Named<T> & { act: BulkAct<T>; items: T[]; close: () => void; over: (refused: T[]) => void }) {
  const { act, items, keyOf, nameOf } = props;
  // What was asked stays as it was when the rows behind it change.
  const [plan] = useState(() => planned(items, act.against));
  const [state, setState] = useState<'asking' | 'running' | 'over'>('asking');
  const [outcomes, setOutcomes] = useState<Outcome<T>[]>([]);
  const byKey = useMemo(() => new Map(outcomes.map((one) => [keyOf(one.item), one])), [outcomes, keyOf]);
  const refused = outcomes.filter((one) => one.error !== undefined);
  const go = async () => {
    setState('running');
    const all: Outcome<T>[] = [];
    await forEach(plan.go, act.act, (outcome) => {
      all.push(outcome);
      setOutcomes([...all]);
    });
    setState('over');
    props.over(all.filter((one) => one.error !== undefined).map((one) => one.item));
  };
  return (
    <Dialog open close={state === 'running' ? () => {} : props.close} title={act.question(plan.go.length)}>
      <Stack gap="sm">
        {plan.go.length === 0 ? <Text>{b.nothing}</Text> : <Text className="muted">{act.hint}</Text>}
        {state === 'running' && (
          <Progress value={(outcomes.length / plan.go.length) * 100} aria-label={act.question(plan.go.length)} />
        )}
        <span role="status" className={state === 'asking' ? 'unseen' : undefined}>
          {state === 'running' && b.progress(outcomes.length, plan.go.length)}
          {state === 'over' && b.over(outcomes.length - refused.length, refused.length)}
        </span>
        {plan.go.length > 0 && (
          <section aria-label={b.will(plan.go.length)}>
            <Text fw={600}>{b.will(plan.go.length)}</Text>
            <Names
              items={
                state === 'over'
                  ? [
                      ...refused.map((one) => one.item),
                      ...plan.go.filter((item) => byKey.get(keyOf(item))?.error === undefined),
                    ]
                  : plan.go
              }
              keyOf={keyOf}
              nameOf={nameOf}
              more={(item) => <Result outcome={byKey.get(keyOf(item))} />}
            />
          </section>
        )}
        {plan.left.length > 0 && (
          <section aria-label={b.wont(plan.left.length)}>
            <Text fw={600}>{b.wont(plan.left.length)}</Text>
            <Names
              items={plan.left.map((one) => one.item)}
              keyOf={keyOf}
              nameOf={nameOf}
              more={(item) => <span className="muted">{plan.left.find((one) => one.item === item)?.why}</span>}
            />
          </section>
        )}
        <Group justify="flex-end">
          {state === 'over' || plan.go.length === 0 ? (
            <Button onClick={props.close}>{b.close}</Button>
          ) : (
            <>
              <Button variant="default" onClick={props.close} disabled={state === 'running'}>
                {t.cancel}
              </Button>
              <Button className={act.danger ? 'danger' : undefined} onClick={go} loading={state === 'running'}>
                {act.label}
              </Button>
            </>
          )}
        </Group>
      </Stack>
    </Dialog>
  );
}

/** The bar; nothing while nothing is chosen. `done` reads again what may have changed. */
export function BulkBar<T>(props: Named<T> & { chosen: Chosen<T>; acts: BulkAct<T>[]; done: () => unknown }) {
  const { chosen, acts, keyOf, nameOf } = props;
  const [asked, setAsked] = useState<BulkAct<T>>();
  if (chosen.items.length === 0 && !asked) return null;
  return (
    <section className="bulk-bar" aria-label={b.bar}>
      <strong className="whole">{b.chosen(chosen.items.length)}</strong>
      {acts.map((one) => (
        <Button
          key={one.label}
          variant="default"
          leftSection={one.icon}
          aria-keyshortcuts={one.shortcut}
          onClick={() => setAsked(one)}
        >
          {one.label}
        </Button>
      ))}
      <CloseButton aria-label={b.none} title={b.none} onClick={chosen.clear} />
      {asked && (
        <Ask
          act={asked}
          items={chosen.items}
          keyOf={keyOf}
          nameOf={nameOf}
          close={() => setAsked(undefined)}
          over={(refused) => {
            chosen.keep(new Set(refused.map(keyOf)));
            void props.done();
          }}
        />
      )}
    </section>
  );
}
