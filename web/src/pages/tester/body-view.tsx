/** A body as it came: on lines with numbers and colours, searched, as bytes, or as a picture. */

import { ActionIcon, Button, Checkbox, CloseButton, Group, Text, TextInput } from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconDownload } from '@tabler/icons-react';
import { type KeyboardEvent, memo, useEffect, useMemo, useRef, useState } from 'react';
import { hexLines, type Line, plainLines, prettyLines, written } from '../../lib/pretty';
import { size } from '../../texts/infra';
import { x } from '../../texts/tester';
import { CopyButton } from '../../ui/parts';

/** Lines that are drawn before somebody wants to see the rest. */
const FIRST = 1_000;

/** A place that was found: its line, and where in it. */
interface Hit {
  line: number;
  at: number;
}

function hitsOf(texts: string[], wanted: string): Hit[] {
  if (!wanted) return [];
  const found: Hit[] = [];
  for (const [line, text] of texts.entries()) {
    const lower = text.toLowerCase();
    for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + wanted.length)) {
      found.push({ line, at });
    }
  }
  return found;
}

/** The pieces of a line, cut where something was found in it. */
function cut(line: Line, hits: Hit[], length: number) {
  let from = 0;
  return line.flatMap(({ look, text }) => {
    const start = from;
    from += text.length;
    const parts: { look: string; text: string; hit?: Hit }[] = [];
    let done = 0;
    for (const hit of hits) {
      const [begin, end] = [Math.max(hit.at - start, 0), Math.min(hit.at + length - start, text.length)];
      if (begin >= end) continue;
      parts.push({ look, text: text.slice(done, begin) }, { look, text: text.slice(begin, end), hit });
      done = end;
    }
    parts.push({ look, text: text.slice(done) });
    return parts.filter((part) => part.text);
  });
}

const LineView = memo(function LineView(props: { line: Line; hits: Hit[] | undefined; length: number; now?: Hit }) {
  const parts = props.hits ? cut(props.line, props.hits, props.length) : props.line.map((piece) => ({ ...piece }));
  return (
    <span className="tester-body-line">
      {parts.map((part, at) => {
        const hit = 'hit' in part ? part.hit : undefined;
        const Tag = hit ? 'mark' : 'span';
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a line never move.
          <Tag key={at} data-look={part.look} data-now={(hit && hit === props.now) || undefined}>
            {part.text}
          </Tag>
        );
      })}
      {'\n'}
    </span>
  );
});

function save(content: BlobPart, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: type || 'application/octet-stream' }));
  const link = Object.assign(document.createElement('a'), { href: url, download: 'response' });
  link.click();
  URL.revokeObjectURL(url);
}

/** Lines with numbers, to be searched, copied and kept as a file. */
function Lines(props: { lines: Line[]; text: string; file: BlobPart; type: string; what: string; numbers: boolean }) {
  const { lines, text, what } = props;
  const [typed, setTyped] = useState('');
  const [place, setPlace] = useState(0);
  const [all, setAll] = useState(false);
  const [wrap, setWrap] = useState(true);
  const box = useRef<HTMLPreElement>(null);
  const wanted = typed.toLowerCase();
  const texts = useMemo(() => lines.map(written), [lines]);
  const hits = useMemo(() => hitsOf(texts, wanted), [texts, wanted]);
  const byLine = useMemo(() => {
    const lists = new Map<number, Hit[]>();
    for (const hit of hits) lists.set(hit.line, [...(lists.get(hit.line) ?? []), hit]);
    return lists;
  }, [hits]);
  const now = hits[place % Math.max(hits.length, 1)];
  const shown = all || (now && now.line >= FIRST) ? lines : lines.slice(0, FIRST);
  const turn = (by: number) => hits.length > 0 && setPlace((place + by + hits.length) % hits.length);
  useEffect(() => {
    if (now) box.current?.querySelector('[data-now]')?.scrollIntoView({ block: 'nearest' });
  }, [now]);
  const keys = (event: KeyboardEvent) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    turn(event.shiftKey ? -1 : 1);
  };
  return (
    <div className="tester-view">
      <div className="tester-view-head">
        <TextInput
          aria-label={x.findInBody}
          placeholder={x.findInBody}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setPlace(0);
          }}
          onKeyDown={keys}
          size="xs"
          w="14rem"
          rightSection={typed && <CloseButton size="sm" aria-label={x.remove} onClick={() => setTyped('')} />}
        />
        {wanted && (
          <>
            <span className="muted" role="status">
              {x.hits(hits.length === 0 ? 0 : (place % hits.length) + 1, hits.length)}
            </span>
            <ActionIcon variant="subtle" color="gray" aria-label={x.previousHit} onClick={() => turn(-1)}>
              <IconChevronUp size={16} aria-hidden />
            </ActionIcon>
            <ActionIcon variant="subtle" color="gray" aria-label={x.nextHit} onClick={() => turn(1)}>
              <IconChevronDown size={16} aria-hidden />
            </ActionIcon>
          </>
        )}
        <Group gap="xs" ml="auto">
          <Checkbox
            size="xs"
            label={x.wrap}
            checked={wrap}
            onChange={(event) => setWrap(event.currentTarget.checked)}
          />
          <CopyButton text={text} what={what} />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={x.download}
            title={x.download}
            onClick={() => save(props.file, props.type)}
          >
            <IconDownload size={16} aria-hidden />
          </ActionIcon>
        </Group>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it. */}
      <pre className="mono tester-body" data-wrap={wrap} data-numbers={props.numbers} tabIndex={0} ref={box} dir="ltr">
        {shown.map((line, at) => (
          <LineView
            // biome-ignore lint/suspicious/noArrayIndexKey: lines never move.
            key={at}
            line={line}
            hits={byLine.get(at)}
            length={wanted.length}
            now={now?.line === at ? now : undefined}
          />
        ))}
      </pre>
      {shown.length < lines.length && (
        <Button variant="default" onClick={() => setAll(true)} mt="xs">
          {x.moreLines(lines.length - shown.length)}
        </Button>
      )}
    </div>
  );
}

/** A body of text; `type` is its media type when it is to be laid out. */
export function BodyText({ text, type, what }: { text: string; type?: string; what: string }) {
  const lines = useMemo(() => (type === undefined ? plainLines(text) : prettyLines(type, text)), [text, type]);
  if (!text) return <Text className="muted">{x.emptyBody}</Text>;
  return <Lines lines={lines} text={text} file={text} type={type ?? ''} what={what} numbers={type !== undefined} />;
}

/** The bytes of a body that is no text, as far as they were kept. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
}

export function BodyBytes({ bytes, length, type }: { bytes: Uint8Array<ArrayBuffer>; length: number; type: string }) {
  const lines = useMemo(() => hexLines(bytes).map((text): Line => [{ look: 'plain', text }]), [bytes]);
  return (
    <>
      {bytes.length < length && <Text size="sm">{x.bytesKept(size(bytes.length), size(length))}</Text>}
      <Lines
        lines={lines}
        text={lines.map(written).join('\n')}
        file={bytes}
        type={type}
        what={x.responseTabs.hex}
        numbers={false}
      />
    </>
  );
}
