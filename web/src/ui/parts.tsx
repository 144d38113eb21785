/** Small parts that all pages are made of. */

import { ActionIcon, Button, CopyButton as Copier, Group, Loader, Modal, Text, Title, Tooltip } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCheck,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleMinus,
  IconCircleX,
  IconClock,
  IconCopy,
  IconPlayerPlay,
} from '@tabler/icons-react';
import { type ReactNode, useEffect, useState } from 'react';
import { Problem } from '../api/client';
import { t } from '../texts/pages';
import { stateOf, type Tone } from '../texts/status';
import { ago, fullTime, instant, ownZone } from '../texts/time';

const ICONS: Record<Tone, typeof IconCheck> = {
  good: IconCircleCheck,
  bad: IconCircleX,
  warn: IconAlertTriangle,
  busy: IconPlayerPlay,
  wait: IconClock,
  idle: IconCircleMinus,
};

/** A word with icon and colour. */
export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  const Icon = ICONS[tone] ?? IconCircleDashed;
  return (
    <span className={`state tone-${tone}`}>
      <Icon size={15} stroke={2} aria-hidden />
      {children}
    </span>
  );
}

/** The state of a run or step. */
export function StateBadge({ status }: { status: string | undefined }) {
  const state = stateOf(status);
  return <Badge tone={state.tone}>{state.label}</Badge>;
}

/** Copies a text; says so. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  return (
    <Copier value={text}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t.copied : t.copy(what)}>
          <ActionIcon variant="subtle" color="gray" onClick={copy} aria-label={copied ? t.copied : t.copy(what)}>
            {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
          </ActionIcon>
        </Tooltip>
      )}
    </Copier>
  );
}

/** Text to be typed elsewhere, with a button that copies it. */
export function Code({ text, what }: { text: string; what: string }) {
  return (
    <div className="code">
      <pre className="mono">{text}</pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}

/** An id, short, with a button for the whole. */
export function Id({ id, what }: { id: string; what: string }) {
  return (
    <Group gap={4} wrap="nowrap" component="span">
      <span className="mono">{id}</span>
      <CopyButton text={id} what={what} />
    </Group>
  );
}

/** A moment, roughly; exactly in its tip. */
export function Moment({ at, now, exact }: { at: string | undefined; now: number; exact?: boolean }) {
  const ms = instant(at);
  if (ms === undefined) return <span className="muted">–</span>;
  return (
    <time dateTime={at} title={`${fullTime(ms)} (${ownZone})`}>
      {exact && `${fullTime(ms)} · `}
      <span className="whole">{ago(ms, now)}</span>
    </time>
  );
}

/** The current time, which moves on by itself. */
export function useNow(every = 1_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

/** What went wrong and what to do about it. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const known = error instanceof Problem ? error : new Problem(0, String((error as Error)?.message ?? error));
  return (
    <div className="notice tone-bad" role="alert">
      <strong>{known.status === 403 ? t.forbidden : known.status === 404 ? t.gone : t.failed}</strong>
      {known.message}
      {known.requestId && (
        <Text size="xs" mt={4}>
          {t.requestId} <span className="mono">{known.requestId}</span>
        </Text>
      )}
      {retry && (
        <Button mt="xs" variant="default" onClick={retry}>
          {t.tryAgain}
        </Button>
      )}
    </div>
  );
}

/** Whether a query has nothing to show but its failure: what was read before stays when only the connection is lost. */
export function isLost(query: { error: unknown; data?: unknown }): boolean {
  if (!query.error) return false;
  const refused = query.error instanceof Problem && query.error.status >= 400 && query.error.status < 500;
  return query.data === undefined || refused;
}

/** Nothing here yet: what it would be and how to get there. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="list-empty">
      <Text fw={600}>{title}</Text>
      {children && (
        <Text className="muted" maw="46rem">
          {children}
        </Text>
      )}
      {action && <Group mt="sm">{action}</Group>}
    </div>
  );
}

/** Something to know about what is shown. */
export function Notice(props: { tone: Tone; title: string; children?: ReactNode; urgent?: boolean }) {
  return (
    <div className={`notice tone-${props.tone}`} role={props.urgent ? 'alert' : 'note'}>
      <strong>{props.title}</strong>
      {props.children}
    </div>
  );
}

/** While the first answer is on its way. */
export function Waiting() {
  return (
    <Group p="md" gap="xs">
      <Loader size="sm" aria-hidden />
      <span className="muted">{t.loading}</span>
    </Group>
  );
}

/** Head of a page: title, state, actions. Also names the tab. */
export function Head({ title, badge, children }: { title: string; badge?: ReactNode; children?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Stoker`;
  }, [title]);
  return (
    <div className="page-head">
      <h1 title={title.length > 60 ? title : undefined}>{title}</h1>
      {badge}
      {children && <div className="actions">{children}</div>}
    </div>
  );
}

/** A page that has nothing but its failure; under its heading, as every page. */
export function LostPage(props: { title: string; error: unknown; retry?: () => void }) {
  return (
    <div className="page">
      <Head title={props.title} />
      <Failure error={props.error} retry={props.retry} />
    </div>
  );
}

/** A part of a page under its own heading, with what can be done there beside it. */
export function Panel(props: { title: ReactNode; actions?: ReactNode; wide?: boolean; children?: ReactNode }) {
  const heading = (
    <Title order={2} size="h2">
      {props.title}
    </Title>
  );
  return (
    <section className={props.wide ? 'panel span-2' : 'panel'}>
      {props.actions ? (
        <Group justify="space-between" mb="xs">
          {heading}
          {props.actions}
        </Group>
      ) : (
        heading
      )}
      {props.children}
    </section>
  );
}

/** Names and values. */
export function Facts({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A dialog; its head is no landmark of the page, as the design system's own would be. */
export function Dialog(props: {
  open: boolean;
  close: () => void;
  title: string;
  children: ReactNode;
  /** For forms with many fields. */
  wide?: boolean;
}) {
  return (
    <Modal.Root opened={props.open} onClose={props.close} centered size={props.wide ? '56rem' : undefined}>
      <Modal.Overlay />
      {/* A dialog that is opened from within a form sends its own form, not that one too. */}
      <Modal.Content onSubmit={(event) => event.stopPropagation()}>
        <div className="dialog-head">
          <Modal.Title fw={620} lh={1.35}>
            {props.title}
          </Modal.Title>
          <Modal.CloseButton aria-label={t.close} />
        </div>
        <Modal.Body>{props.children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

/** A button that asks first; the question names the object. */
export function ConfirmButton(props: {
  label: string;
  question: string;
  hint?: string;
  act: () => Promise<unknown>;
  icon?: ReactNode;
  /** For what the page is there for. */
  primary?: boolean;
  /** For what takes something away for good. */
  danger?: boolean;
  /** An icon instead of the label, where there is little room. */
  small?: ReactNode;
  /** The key that presses it. */
  shortcut?: string;
}) {
  const [open, setOpen] = useState(false);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await props.act();
      setOpen(false);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {props.small ? (
        <Button variant="default" size="compact-md" aria-label={props.label} onClick={() => setOpen(true)}>
          {props.small}
        </Button>
      ) : (
        <Button
          variant={props.primary ? 'filled' : 'default'}
          leftSection={props.icon}
          aria-keyshortcuts={props.shortcut}
          onClick={() => setOpen(true)}
        >
          {props.label}
        </Button>
      )}
      <Dialog open={open} close={() => setOpen(false)} title={props.question}>
        {props.hint && <Text mb="md">{props.hint}</Text>}
        {error !== undefined && <Failure error={error} />}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={() => setOpen(false)}>
            {t.cancel}
          </Button>
          <Button className={props.danger ? 'danger' : undefined} onClick={act} loading={busy}>
            {props.label}
          </Button>
        </Group>
      </Dialog>
    </>
  );
}
