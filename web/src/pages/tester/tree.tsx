/** The repository: every project, service, scenario and request, found, folded, moved and changed by mouse or by keys. */

import { ActionIcon, Button, CloseButton, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import {
  IconBook2,
  IconBox,
  IconChevronDown,
  IconChevronRight,
  IconListTree,
  IconPlus,
  IconRoute,
} from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { type DragEvent, type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { type Document, find, inOrder, type Kind, mayStand, moved, type Node, shifted } from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { Empty } from '../../ui/parts';
import { AddMenu, Ask, type Asked, type Change, NodeMenu, removed } from './tree-acts';

const SIGNS: Record<Exclude<Kind, 'Request'>, typeof IconBox> = {
  Project: IconBook2,
  Service: IconBox,
  Scenario: IconRoute,
};

/** Every node as a list, as it is shown. */
function shown(nodes: Node[], parent?: Node): { node: Node; parent?: Node }[] {
  return inOrder(nodes, parent?.entity.type).flatMap((node) => [{ node, parent }, ...shown(node.children ?? [], node)]);
}

/** Ids of what fits a search, and of what these are in. */
function fitting(document: Document, wanted: string): Set<string> {
  const fit = new Set<string>();
  for (const { node } of shown(document.entities)) {
    const { id, name, method, uri } = node.entity;
    const text = `${name} ${method?.name ?? ''} ${uri?.host ?? ''}${uri?.path ?? ''}`.toLowerCase();
    if (!text.includes(wanted)) continue;
    for (const one of [node, ...(find(document.entities, id)?.above ?? [])]) fit.add(one.entity.id);
  }
  return fit;
}

/** Where something that is dragged would go. */
interface Target {
  id: string;
  parent: string | undefined;
  before?: string;
  where: 'inside' | 'above';
}

interface Props {
  document: Document;
  change: Change;
  run: (id: string) => void;
  at: string | undefined;
  /** Whether it can only be looked at and run. */
  frozen: boolean;
}

/** Moves the focus to a link of the tree. */
function step(tree: HTMLElement | null, from: HTMLElement, by: number): void {
  const links = [...(tree?.querySelectorAll<HTMLElement>('.tester-node > a') ?? [])];
  links[links.indexOf(from) + by]?.focus();
}

/** The tree with its dialogs. */
export function Tree({ document, change, run, at, frozen }: Props) {
  const navigate = useNavigate({ from: '/tester/projects/$id' });
  const box = useRef<HTMLElement>(null);
  const [asked, setAsked] = useState<Asked>();
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [typed, setTyped] = useState('');
  const [wanted] = useDebouncedValue(typed.trim().toLowerCase(), 120);
  const [dragged, setDragged] = useState<string>();
  const [target, setTarget] = useState<Target>();
  // On a phone it is in the way of what was chosen.
  const [open, setOpen] = useState(at === undefined);
  const fit = useMemo(() => (wanted ? fitting(document, wanted) : undefined), [document, wanted]);
  const go = (id: string) => navigate({ search: (before) => ({ ...before, at: id, run: undefined }) });
  const fold = (id: string, on: boolean) => {
    const next = new Set(folded);
    if (on) next.add(id);
    else next.delete(id);
    setFolded(next);
  };
  const entities = useRef(document.entities);
  entities.current = document.entities;
  // What is chosen is where it can be seen.
  useEffect(() => {
    if (at === undefined) return;
    setFolded((now) => {
      const above = find(entities.current, at)?.above.map((one) => one.entity.id) ?? [];
      return above.some((id) => now.has(id)) ? new Set([...now].filter((id) => !above.includes(id))) : now;
    });
    box.current?.querySelector('[aria-current=page]')?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const keys = (event: KeyboardEvent<HTMLElement>, node: Node, parent?: Node) => {
    const { id, name } = node.entity;
    const link = event.currentTarget;
    const acts: Record<string, (() => void) | undefined> = {
      ArrowDown: () => step(box.current, link, 1),
      ArrowUp: () => step(box.current, link, -1),
      ArrowLeft: node.children?.length ? () => fold(id, true) : undefined,
      ArrowRight: node.children?.length ? () => fold(id, false) : undefined,
      ...(frozen
        ? {}
        : {
            'Alt+ArrowDown': parent && (() => change((doc) => shifted(doc, id, 1))),
            'Alt+ArrowUp': parent && (() => change((doc) => shifted(doc, id, -1))),
            F2: () => setAsked({ what: 'rename', node }),
            Delete: () => removed(document, change, node, x.deleted(name)),
          }),
    };
    const act = acts[`${event.altKey ? 'Alt+' : ''}${event.key}`];
    if (!act) return;
    event.preventDefault();
    act();
  };

  /** Above a request of a scenario, else into what is pointed at. */
  const over = (event: DragEvent, node: Node, parent?: Node) => {
    if (!dragged || dragged === node.entity.id) return;
    const above = parent?.entity.type === 'Scenario' && mayStand(document, dragged, parent.entity.id);
    const next: Target | undefined = above
      ? { id: node.entity.id, parent: parent.entity.id, before: node.entity.id, where: 'above' }
      : mayStand(document, dragged, node.entity.id)
        ? { id: node.entity.id, parent: node.entity.id, where: 'inside' }
        : undefined;
    if (next) event.preventDefault();
    if (next?.id !== target?.id) setTarget(next);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    if (dragged && target) change((doc) => moved(doc, dragged, target.parent, target.before));
    setDragged(undefined);
    setTarget(undefined);
  };

  const line = (node: Node, parent?: Node) => {
    const { entity } = node;
    const Sign = entity.type === 'Request' ? undefined : SIGNS[entity.type];
    const inside = (node.children?.length ?? 0) > 0;
    const shut = folded.has(entity.id) && !fit;
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: by keys the same is done on the link in it.
      <div
        className="tester-node"
        data-target={target?.id === entity.id ? target.where : undefined}
        data-dragged={dragged === entity.id || undefined}
        draggable={!frozen}
        onDragStart={(event) => {
          event.stopPropagation();
          event.dataTransfer.setData('text/plain', entity.name);
          setDragged(entity.id);
        }}
        onDragEnd={() => {
          setDragged(undefined);
          setTarget(undefined);
        }}
        onDragOver={(event) => over(event, node, parent)}
        onDrop={drop}
      >
        {inside ? (
          <button
            type="button"
            className="tester-fold"
            aria-expanded={!shut}
            aria-label={shut ? x.unfold(entity.name) : x.fold(entity.name)}
            onClick={() => fold(entity.id, !shut)}
          >
            {shut ? <IconChevronRight size={14} aria-hidden /> : <IconChevronDown size={14} aria-hidden />}
          </button>
        ) : (
          <span className="tester-fold" />
        )}
        <Link
          from="/tester/projects/$id"
          to="."
          search={(before) => ({ ...before, at: entity.id, run: undefined })}
          title={entity.name}
          draggable={false}
          aria-current={entity.id === at ? 'page' : undefined}
          activeProps={{ 'aria-current': entity.id === at ? 'page' : undefined }}
          onClick={() => setOpen(false)}
          onKeyDown={(event) => keys(event, node, parent)}
        >
          {Sign ? (
            <Sign size={15} className="tester-sign" aria-label={x.kinds[entity.type]} />
          ) : (
            <span className="tester-method" data-verb={entity.method?.name}>
              {entity.method?.name}
            </span>
          )}
          <bdi>{entity.name}</bdi>
        </Link>
        <NodeMenu
          node={node}
          parent={parent}
          document={document}
          change={change}
          ask={setAsked}
          run={run}
          frozen={frozen}
        />
      </div>
    );
  };
  const level = (nodes: Node[], parent?: Node) => (
    <ul>
      {inOrder(nodes, parent?.entity.type)
        .filter((node) => !fit || fit.has(node.entity.id))
        .map((node) => (
          <li key={node.entity.id}>
            {line(node, parent)}
            {node.children && (fit || !folded.has(node.entity.id)) && level(node.children, node)}
          </li>
        ))}
    </ul>
  );

  return (
    <nav className="panel tester-tree" aria-label={x.tree} ref={box} data-open={open}>
      <Button
        className="tester-tree-show"
        variant="default"
        fullWidth
        leftSection={<IconListTree size={16} aria-hidden />}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {x.treeShow}
      </Button>
      <div className="tester-tree-head">
        <TextInput
          aria-label={x.treeFind}
          placeholder={x.treeFind}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          size="xs"
          rightSection={typed && <CloseButton size="sm" aria-label={x.remove} onClick={() => setTyped('')} />}
        />
        {!frozen && (
          <AddMenu at={at} document={document} ask={setAsked}>
            <ActionIcon variant="default" size={30} aria-label={x.add}>
              <IconPlus size={16} aria-hidden />
            </ActionIcon>
          </AddMenu>
        )}
      </div>
      <div className="tester-tree-body">
        {fit?.size === 0 ? <Empty title={x.treeNone} /> : level(document.entities)}
      </div>
      {asked && <Ask asked={asked} close={() => setAsked(undefined)} document={document} change={change} open={go} />}
    </nav>
  );
}

/** Whether an entity is still there. */
export const present = (document: Document, id: string | undefined) =>
  id === undefined ? undefined : find(document.entities, id);
