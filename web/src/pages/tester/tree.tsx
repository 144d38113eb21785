/** The repository: every project, service, scenario and request, and what can be done with each. */

import { ActionIcon, Menu, Select, TextInput } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import {
  add,
  childKinds,
  copied,
  type Document,
  find,
  fresh,
  inOrder,
  type Kind,
  type Node,
  places,
  put,
  shifted,
  without,
} from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { FormDialog, useAct } from '../../ui/fields';

type Change = (make: (document: Document) => Document) => void;
type Asked =
  | { what: 'rename'; node: Node }
  | { what: 'move'; node: Node }
  | { what: 'add'; kind: Kind; parent?: string };

function Ask({
  asked,
  close,
  document,
  change,
  open,
}: {
  asked: Asked;
  close: () => void;
  document: Document;
  change: Change;
  open: (id: string) => void;
}) {
  const act = useAct();
  const [text, setText] = useState(asked.what === 'rename' ? asked.node.entity.name : '');
  const to = asked.what === 'move' ? places(document, asked.node) : [];
  const title = asked.what === 'add' ? x.addKind(x.kinds[asked.kind]) : asked.what === 'rename' ? x.rename : x.move;
  const submit = async () => {
    if (asked.what === 'rename') change((doc) => put(doc, { ...asked.node.entity, name: text }));
    else if (asked.what === 'move') {
      change((doc) => add(without(doc, asked.node.entity.id), asked.node, text || undefined));
    } else {
      const node = fresh(asked.kind, text);
      change((doc) => add(doc, node, asked.parent));
      open(node.entity.id);
    }
    close();
  };
  return (
    <FormDialog
      open
      close={close}
      title={title}
      act={act}
      submit={submit}
      label={title}
      disabled={asked.what !== 'move' && !text.trim()}
    >
      {asked.what === 'move' ? (
        <Select
          label={x.moveTo}
          data={to.map((one) => ({ value: one.id || 'top', label: one.path || x.top }))}
          value={text || 'top'}
          onChange={(value) => setText(value === 'top' || !value ? '' : value)}
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

function Actions({
  node,
  parent,
  change,
  ask,
  run,
}: {
  node: Node;
  parent?: Node;
  change: Change;
  ask: (asked: Asked) => void;
  run: (id: string) => void;
}) {
  const { entity } = node;
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={x.actions(entity.name)}>
          <IconDots size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => run(entity.id)}>{x.run}</Menu.Item>
        {childKinds(entity.type).map((kind) => (
          <Menu.Item key={kind} onClick={() => ask({ what: 'add', kind, parent: entity.id })}>
            {x.addKind(x.kinds[kind])}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => ask({ what: 'rename', node })}>{x.rename}</Menu.Item>
        <Menu.Item onClick={() => ask({ what: 'move', node })}>{x.move}</Menu.Item>
        <Menu.Item onClick={() => change((doc) => add(doc, copied(node, x.copyName(entity.name)), parent?.entity.id))}>
          {x.copy}
        </Menu.Item>
        {parent?.entity.type === 'Scenario' && (
          <>
            <Menu.Item onClick={() => change((doc) => shifted(doc, entity.id, -1))}>{x.up}</Menu.Item>
            <Menu.Item onClick={() => change((doc) => shifted(doc, entity.id, 1))}>{x.down}</Menu.Item>
          </>
        )}
        <Menu.Item onClick={() => change((doc) => without(doc, entity.id))}>{x.delete}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** The tree with its dialogs. */
export function Tree({ document, change, run }: { document: Document; change: Change; run: (id: string) => void }) {
  const navigate = useNavigate({ from: '/tester/projects/$id' });
  const [asked, setAsked] = useState<Asked>();
  const open = (at: string) => navigate({ search: (before) => ({ ...before, at, run: undefined }) });
  const level = (nodes: Node[], parent?: Node) => (
    <ul>
      {inOrder(nodes, parent?.entity.type).map((node) => (
        <li key={node.entity.id}>
          <div className="tester-node">
            <Link
              from="/tester/projects/$id"
              to="."
              search={(before) => ({ ...before, at: node.entity.id, run: undefined })}
              title={node.entity.name}
            >
              {node.entity.type === 'Request' ? (
                <span className="tester-method muted">{node.entity.method?.name}</span>
              ) : (
                <span className="muted">{x.kinds[node.entity.type]} </span>
              )}
              {node.entity.name}
            </Link>
            <Actions node={node} parent={parent} change={change} ask={setAsked} run={run} />
          </div>
          {node.children && level(node.children, node)}
        </li>
      ))}
    </ul>
  );
  return (
    <nav className="panel tester-tree" aria-label={x.tree}>
      {level(document.entities)}
      <Menu position="bottom-start">
        <Menu.Target>
          <ActionIcon variant="default" w="100%" mt="xs" aria-label={x.add}>
            {x.add}
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {childKinds().map((kind) => (
            <Menu.Item key={kind} onClick={() => setAsked({ what: 'add', kind })}>
              {x.addKind(x.kinds[kind])}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {asked && <Ask asked={asked} close={() => setAsked(undefined)} document={document} change={change} open={open} />}
    </nav>
  );
}

/** Whether an entity is still there. */
export const present = (document: Document, id: string | undefined) =>
  id === undefined ? undefined : find(document.entities, id);
