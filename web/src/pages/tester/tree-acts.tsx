/** What can be done with an entity of the repository: its menu and its dialogs. */

import { ActionIcon, Menu, Select, TextInput } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import {
  add,
  childKinds,
  copied,
  type Document,
  find,
  fresh,
  type Kind,
  moved,
  type Node,
  places,
  put,
  shifted,
  without,
} from '../../lib/tester-doc';
import { undoable } from '../../lib/undo';
import { x } from '../../texts/tester';
import { FormDialog, useAct } from '../../ui/fields';

export type Change = (make: (document: Document) => Document) => void;
export type Asked =
  | { what: 'rename'; node: Node }
  | { what: 'move' | 'copy'; node: Node }
  | { what: 'add'; kind: Kind; parent?: string };

/** Takes an entity out, and offers to put it back where it was. */
export function removed(document: Document, change: Change, node: Node, said: string): void {
  const { id } = node.entity;
  const parent = find(document.entities, id)?.above.at(-1);
  const beside = parent?.children ?? document.entities;
  const next = beside[beside.findIndex((one) => one.entity.id === id) + 1]?.entity.id;
  void undoable(
    said,
    async () => change((doc) => without(doc, id)),
    async () => change((doc) => (find(doc.entities, id) ? doc : add(doc, node, parent?.entity.id, next))),
  );
}

function titleOf(asked: Asked): [title: string, act: string] {
  if (asked.what === 'add') return [x.addKind(x.kinds[asked.kind]), x.add];
  if (asked.what === 'rename') return [`${x.rename}: ${asked.node.entity.name}`, x.rename];
  const act = asked.what === 'copy' ? x.copyDo : x.moveDo;
  return [`${act}: ${asked.node.entity.name}`, act];
}

/** Asks for what an act needs: a name, or a place. */
export function Ask(props: {
  asked: Asked;
  close: () => void;
  document: Document;
  change: Change;
  open: (id: string) => void;
}) {
  const { asked, document, change } = props;
  const act = useAct();
  const [text, setText] = useState(asked.what === 'rename' ? asked.node.entity.name : '');
  const place = asked.what === 'move' || asked.what === 'copy';
  const [title, label] = titleOf(asked);
  const submit = async () => {
    if (asked.what === 'rename') {
      change((doc) => {
        const now = find(doc.entities, asked.node.entity.id)?.node.entity;
        return now ? put(doc, { ...now, name: text.trim() }) : doc;
      });
    } else if (asked.what === 'move') {
      change((doc) => moved(doc, asked.node.entity.id, text || undefined));
    } else {
      const [node, parent] =
        asked.what === 'add'
          ? [fresh(asked.kind, text.trim()), asked.parent]
          : [copied(asked.node, asked.node.entity.name), text || undefined];
      change((doc) => add(doc, node, parent));
      props.open(node.entity.id);
    }
    props.close();
  };
  return (
    <FormDialog
      open
      close={props.close}
      title={title}
      act={act}
      submit={submit}
      label={label}
      disabled={!place && !text.trim()}
    >
      {place ? (
        <Select
          label={x.moveTo}
          data={places(document, asked.node).map((one) => ({ value: one.id || 'top', label: one.path || x.top }))}
          value={text || 'top'}
          onChange={(value) => setText(value === 'top' || !value ? '' : value)}
          searchable
        />
      ) : (
        <TextInput
          label={x.name}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          data-autofocus
          maxLength={255}
        />
      )}
    </FormDialog>
  );
}

/** The menu of one entity. */
export function NodeMenu(props: {
  node: Node;
  parent?: Node;
  document: Document;
  change: Change;
  ask: (asked: Asked) => void;
  run: (id: string) => void;
  frozen: boolean;
}) {
  const { node, parent, change, ask } = props;
  const { entity } = node;
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={x.actions(entity.name)}>
          <IconDots size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => props.run(entity.id)}>{x.run}</Menu.Item>
        {!props.frozen && (
          <>
            {childKinds(entity.type).map((kind) => (
              <Menu.Item key={kind} onClick={() => ask({ what: 'add', kind, parent: entity.id })}>
                {x.addKind(x.kinds[kind])}
              </Menu.Item>
            ))}
            <Menu.Divider />
            <Menu.Item onClick={() => ask({ what: 'rename', node })} rightSection={<kbd className="muted">F2</kbd>}>
              {x.rename}
            </Menu.Item>
            <Menu.Item onClick={() => ask({ what: 'move', node })}>{x.move}</Menu.Item>
            <Menu.Item onClick={() => ask({ what: 'copy', node })}>{x.copyTo}</Menu.Item>
            <Menu.Item
              onClick={() => change((doc) => add(doc, copied(node, x.copyName(entity.name)), parent?.entity.id))}
            >
              {x.copy}
            </Menu.Item>
            {parent?.entity.type === 'Scenario' && (
              <>
                <Menu.Item
                  onClick={() => change((doc) => shifted(doc, entity.id, -1))}
                  rightSection={<kbd className="muted">Alt ↑</kbd>}
                >
                  {x.up}
                </Menu.Item>
                <Menu.Item
                  onClick={() => change((doc) => shifted(doc, entity.id, 1))}
                  rightSection={<kbd className="muted">Alt ↓</kbd>}
                >
                  {x.down}
                </Menu.Item>
              </>
            )}
            <Menu.Divider />
            <Menu.Item
              onClick={() => removed(props.document, change, node, x.deleted(entity.name))}
              rightSection={<kbd className="muted">Del</kbd>}
            >
              {x.delete}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** What can be made, in what is chosen when it may hold it, else beside it. */
export function AddMenu(props: {
  at: string | undefined;
  document: Document;
  ask: (asked: Asked) => void;
  children: ReactNode;
}) {
  const found = props.at === undefined ? undefined : find(props.document.entities, props.at);
  const path = found ? [...found.above, found.node] : props.document.entities.slice(0, 1);
  const home = (kind: Kind) => path.findLast((one) => childKinds(one.entity.type).includes(kind))?.entity.id;
  return (
    <Menu position="bottom-end" width={180}>
      <Menu.Target>{props.children}</Menu.Target>
      <Menu.Dropdown>
        {childKinds().map((kind) => (
          <Menu.Item key={kind} onClick={() => props.ask({ what: 'add', kind, parent: home(kind) })}>
            {x.addKind(x.kinds[kind])}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
