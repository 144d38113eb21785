/** One's authenticator program: adding it, its recovery codes, removing it. */

import { Button, Group, PasswordInput, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { myTotp } from '../../api/admin';
import { body, own } from '../../api/client';
import { a } from '../../texts/admin';
import { FormDialog, SecretDialog, useAct } from '../../ui/fields';
import { Badge, Facts, Failure, Moment, useNow, Waiting } from '../../ui/parts';

const p = a.authenticator;

interface Begun {
  secret: string;
  uri: string;
}

/** Shows the secret and asks for a first code; the factor is in force only after it. */
function Begin({ begun, close, done }: { begun: Begun; close: () => void; done: (codes: string[]) => void }) {
  const [code, setCode] = useState('');
  const act = useAct('code');
  const submit = async () => {
    const answer = await body(own.POST('/stoker/v1/me/totp/confirm', { body: { code: code.replaceAll(' ', '') } }));
    done(answer.recoveryCodes);
  };
  return (
    <FormDialog open close={close} title={p.add} hint={p.addHint} act={act} submit={submit} label={p.confirm}>
      <Facts
        rows={[
          [
            p.secret,
            <code key="secret" className="mono">
              {begun.secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}
            </code>,
          ],
          [
            p.link,
            <a key="uri" href={begun.uri}>
              {p.openApp}
            </a>,
          ],
        ]}
      />
      <TextInput
        label={p.code}
        description={p.codeHint}
        value={code}
        error={act.at('code')}
        onChange={(event) => setCode(event.currentTarget.value)}
        inputMode="numeric"
        autoComplete="one-time-code"
        required
        data-autofocus
      />
    </FormDialog>
  );
}

/** What proves that it is oneself: the password or a code. */
function Proof(props: {
  open: boolean;
  close: () => void;
  title: string;
  hint: string;
  label: string;
  work: (password: string) => Promise<unknown>;
}) {
  const [password, setPassword] = useState('');
  const act = useAct('password');
  const submit = async () => {
    await props.work(password);
    setPassword('');
  };
  return (
    <FormDialog {...props} act={act} submit={submit}>
      <PasswordInput
        label={p.password}
        value={password}
        error={act.at('password')}
        onChange={(event) => setPassword(event.currentTarget.value)}
        visibilityToggleButtonProps={{ 'aria-label': a.signIn.show }}
        autoComplete="current-password"
        required
        data-autofocus
      />
    </FormDialog>
  );
}

export function Authenticator() {
  const queries = useQueryClient();
  const state = useQuery(myTotp());
  const now = useNow(30_000);
  const act = useAct();
  const [begun, setBegun] = useState<Begun>();
  const [codes, setCodes] = useState<string[]>();
  const [asking, setAsking] = useState<'codes' | 'remove'>();
  const refresh = () => queries.invalidateQueries({ queryKey: myTotp().queryKey });
  const begin = () => act.act(async () => setBegun(await body(own.POST('/stoker/v1/me/totp'))));
  const renew = async (password: string) => {
    const answer = await body(own.POST('/stoker/v1/me/totp/recovery-codes', { body: { password } }));
    setAsking(undefined);
    setCodes(answer.recoveryCodes);
    await refresh();
  };
  const remove = async (password: string) => {
    await body(own.DELETE('/stoker/v1/me/totp', { body: { password } }));
    setAsking(undefined);
    await refresh();
  };
  const on = state.data?.enabled;
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{p.title}</h2>
        {state.data && <Badge tone={on ? 'good' : 'idle'}>{on ? p.on : p.off}</Badge>}
      </div>
      <p className="muted">{p.hint}</p>
      {state.error && <Failure error={state.error} retry={() => state.refetch()} />}
      {!state.data && !state.error && <Waiting />}
      {state.data && on && (
        <Facts
          rows={[
            [p.since, <Moment key="since" at={state.data.enabledAt} now={now} />],
            [p.codesLeft, String(state.data.recoveryCodes)],
          ]}
        />
      )}
      {act.rest}
      <Group mt="sm">
        {state.data && !on && (
          <Button onClick={begin} loading={act.busy}>
            {p.add}
          </Button>
        )}
        {on && (
          <>
            <Button variant="default" onClick={() => setAsking('codes')}>
              {p.newCodes}
            </Button>
            <Button variant="default" onClick={() => setAsking('remove')}>
              {p.remove}
            </Button>
          </>
        )}
      </Group>
      {begun && (
        <Begin
          begun={begun}
          close={() => setBegun(undefined)}
          done={async (made) => {
            setBegun(undefined);
            setCodes(made);
            await refresh();
          }}
        />
      )}
      <Proof
        open={asking === 'codes'}
        close={() => setAsking(undefined)}
        title={p.newCodes}
        hint={p.newCodesHint}
        label={p.newCodes}
        work={renew}
      />
      <Proof
        open={asking === 'remove'}
        close={() => setAsking(undefined)}
        title={p.removeAsk}
        hint={p.removeHint}
        label={p.remove}
        work={remove}
      />
      <SecretDialog
        open={codes !== undefined}
        close={() => setCodes(undefined)}
        title={p.codes}
        hint={p.codesHint}
        rows={[{ label: p.codes, value: (codes ?? []).join('\n') }]}
      />
    </section>
  );
}
