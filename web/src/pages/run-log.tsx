/** The log of a run: live tail, level, search, first error, download. */

import { Button, Group, Select, Switch, TextInput, Title } from '@mantine/core';
import { IconAlertTriangle, IconDownload, IconSearch, IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import { body, core, raw } from '../api/client';
import { useMay } from '../app/context';
import { filtered, firstError, LEVELS, type Level, type LogLine, marked } from '../lib/log';
import { useLog } from '../lib/use-log';
import { t } from '../texts/pages';
import { logDeleted, type RunEvent } from '../texts/reasons';
import { logTime } from '../texts/time';
import { ConfirmButton, Empty, Failure, Moment, Waiting } from '../ui/parts';

const TONES: Record<string, string> = { ERROR: 'tone-bad', FATAL: 'tone-bad', WARN: 'tone-warn', WARNING: 'tone-warn' };

/** Characters of a line that are shown before somebody asks for all of it. */
const SHORT = 2_000;

function Line({ line, find, chosen }: { line: LogLine; find: string; chosen: boolean }) {
  const [whole, setWhole] = useState(false);
  const at = find ? line.text.toLowerCase().indexOf(find.trim().toLowerCase()) : -1;
  const cut = !whole && line.text.length > SHORT && at < SHORT - find.length;
  const pieces = marked(cut ? line.text.slice(0, SHORT) : line.text, find);
  return (
    <>
      <span className="muted">{line.index + 1}</span>
      <span className="muted log-time">{logTime(line.at)}</span>
      <span className="level">{line.severity}</span>
      <span className="log-text" style={chosen ? { outline: '2px solid var(--s-link)' } : undefined}>
        {pieces.map((piece, number) =>
          piece.hit ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text have no other name.
            <mark key={number}>{piece.text}</mark>
          ) : (
            piece.text
          ),
        )}
        {cut && (
          <button type="button" className="log-rest" onClick={() => setWhole(true)}>
            {t.log.rest(line.text.length - SHORT)}
          </button>
        )}
      </span>
    </>
  );
}

/** Fetches the whole log as a text file. */
async function download(id: string): Promise<void> {
  const { token } = await body(
    core.POST('/monitoring/executions/{id}/logs', { params: { path: { id }, query: { fileFormat: 'TEXT' } } }),
  );
  const ready = await raw<{ presignedURL: string }>(`/monitoring/executions/${id}/logs/status`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(token),
  });
  const link = document.createElement('a');
  // The server may know itself under another name than this browser does.
  link.href = new URL(ready.presignedURL).pathname;
  link.download = '';
  link.click();
}

function Lines({ shown, find, follow, chosen }: { shown: LogLine[]; find: string; follow: boolean; chosen: number }) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 21,
    overscan: 20,
  });
  const last = shown.length - 1;
  useEffect(() => {
    if (follow && last >= 0) rows.scrollToIndex(last, { align: 'end' });
  }, [follow, last, rows]);
  useEffect(() => {
    const at = shown.findIndex((line) => line.index === chosen);
    if (at >= 0) rows.scrollToIndex(at, { align: 'center' });
  }, [chosen, rows, shown]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section className="log" ref={scroller} tabIndex={0} aria-label={t.log.title}>
      <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {rows.getVirtualItems().map((item) => {
          const line = shown[item.index];
          return (
            line && (
              <div
                key={item.key}
                ref={rows.measureElement}
                data-index={item.index}
                className={`log-line ${TONES[line.severity.toUpperCase()] ?? ''}`}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <Line line={line} find={find} chosen={line.index === chosen} />
              </div>
            )
          );
        })}
      </div>
    </section>
  );
}

/** The button that deletes the log of a run, for those who may. */
function Removal({ id, name }: { id: string; name: string }) {
  const queries = useQueryClient();
  const may = useMay('EXECUTION_LOGS_DELETE');
  if (!may) return null;
  const remove = async () => {
    await body(core.DELETE('/monitoring/executions/{id}/logs', { params: { path: { id } } }));
    await Promise.all([
      queries.invalidateQueries({ queryKey: ['logs', 'size', id] }),
      queries.invalidateQueries({ queryKey: ['runs'] }),
    ]);
  };
  return (
    <ConfirmButton
      label={t.log.delete}
      question={t.log.deleteAsk(name)}
      hint={t.log.deleteHint}
      act={remove}
      icon={<IconTrash size={16} aria-hidden />}
      danger
    />
  );
}

/** What stands in the place of a log without lines. */
function NoLines({ deletion, now }: { deletion: RunEvent | undefined; now: number }) {
  if (!deletion) return <Empty title={t.log.none}>{t.log.noneHint}</Empty>;
  return (
    <Empty title={`${logDeleted(deletion)}.`}>
      <Moment at={deletion.at} now={now} exact />
    </Empty>
  );
}

/** The log of the run of the task `name`. `done` is whether it has ended, `deletion` who deleted what there was. */
export function RunLog(props: {
  id: string;
  name: string;
  done: boolean;
  deletion: RunEvent | undefined;
  now: number;
}) {
  const { id, done } = props;
  const search = useSearch({ from: '/runs/$id' });
  const navigate = useNavigate({ from: '/runs/$id' });
  const log = useLog(id);
  const [follow, setFollow] = useState(!done && !search.line);
  const [error, setError] = useState<unknown>();
  const level = LEVELS.find((one) => one === search.level) ?? ('DEBUG' as Level);
  const find = search.find ?? '';
  const shown = useMemo(() => filtered(log.lines, level, find), [log.lines, level, find]);
  const error1 = firstError(log.lines);
  const set = (change: Partial<typeof search>) => navigate({ search: (old) => ({ ...old, ...change }), replace: true });

  return (
    <>
      <Group gap="sm">
        <Title order={2} size="h2">
          {t.log.title}
        </Title>
        <span className="muted">{t.log.lines(shown.length, log.total)}</span>
        <TextInput
          aria-label={t.log.search}
          placeholder={t.log.search}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={find}
          onChange={(event) => set({ find: event.currentTarget.value || undefined })}
        />
        <Select
          aria-label={t.log.level}
          data={LEVELS.map((value) => ({ value, label: t.log.levels[value] }))}
          value={level}
          onChange={(value) => set({ level: value && value !== 'DEBUG' ? value : undefined })}
          w="10rem"
        />
        {!done && (
          <Switch label={t.log.follow} checked={follow} onChange={(event) => setFollow(event.currentTarget.checked)} />
        )}
        <Button
          variant="default"
          leftSection={<IconAlertTriangle size={16} aria-hidden />}
          disabled={error1 < 0}
          onClick={() => {
            setFollow(false);
            void set({ line: String(log.lines[error1]?.index ?? 0), level: undefined, find: undefined });
          }}
        >
          {t.log.firstError}
        </Button>
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          disabled={log.total === 0}
          onClick={() => download(id).then(() => setError(undefined), setError)}
        >
          {t.log.download}
        </Button>
        {done && log.total > 0 && <Removal id={id} name={props.name} />}
      </Group>
      {error !== undefined && <Failure error={error} />}
      {log.left > 0 && <span className="muted">{t.log.cut(log.left)}</span>}
      {log.error ? (
        <Failure error={log.error} />
      ) : !log.ready || (log.total > 0 && log.lines.length === 0) ? (
        <Waiting />
      ) : shown.length === 0 ? (
        <section className="panel">
          {log.total === 0 ? (
            <NoLines deletion={props.deletion} now={props.now} />
          ) : (
            <Empty title={t.log.noMatch}>{t.log.noMatchHint}</Empty>
          )}
        </section>
      ) : (
        <Lines shown={shown} find={find} follow={follow && !done} chosen={search.line ? Number(search.line) : -1} />
      )}
    </>
  );
}
