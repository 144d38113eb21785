/** Signing in, with login and password or with a token. The address stays, so that a deep link works after it. */

import { Anchor, Button, Paper, PasswordInput, SegmentedControl, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { a } from '../texts/admin';
import { t } from '../texts/pages';
import { Mark } from '../ui/mark';
import { type Credentials, readWays, refusalOf, signIn, takeSaid } from './sign-in-ways';

type Way = 'password' | 'token';

const KEY = 'stoker.sign-in';

function remembered(): Way {
  try {
    return window.localStorage.getItem(KEY) === 'token' ? 'token' : 'password';
  } catch {
    return 'password';
  }
}

function remember(way: Way): void {
  try {
    window.localStorage.setItem(KEY, way);
  } catch {
    // Without storage the choice lasts until the page is left.
  }
}

/** What is typed, and which fields want something. */
interface Typed {
  login: string;
  password: string;
  token: string;
  code: string;
}

interface Errors {
  login?: string;
  password?: string;
  token?: string;
  code?: string;
  form?: string;
}

function missing(way: Way, typed: Typed): Errors | undefined {
  if (way === 'token') return typed.token.trim() ? undefined : { token: t.signIn.empty };
  const errors: Errors = {};
  if (!typed.login.trim()) errors.login = a.signIn.emptyLogin;
  if (!typed.password) errors.password = a.signIn.emptyPassword;
  return Object.keys(errors).length > 0 ? errors : undefined;
}

function credentials(way: Way, typed: Typed, second: boolean, recovery: boolean): Credentials {
  if (way === 'token') return { token: typed.token };
  const { login, password } = typed;
  if (!second || !typed.code.trim()) return { login, password };
  return recovery
    ? { login, password, recoveryCode: typed.code.trim() }
    : { login, password, totp: typed.code.replaceAll(' ', '') };
}

/** The state of the form and what submitting does. */
function useSignIn(way: Way) {
  const queries = useQueryClient();
  const [typed, setTyped] = useState<Typed>({ login: '', password: '', token: '', code: '' });
  const [second, setSecond] = useState(false);
  const [recovery, setRecovery] = useState(false);
  const [errors, setErrors] = useState<Errors>({});
  const [busy, setBusy] = useState(false);
  const refused = (error: unknown) => {
    const refusal = refusalOf(error);
    if (refusal.why === 'second-factor') {
      setErrors(second && typed.code ? { code: a.signIn.codeWrong } : {});
      setSecond(true);
    } else if (refusal.why === 'wrong') {
      setErrors(way === 'token' ? { token: t.signIn.wrong } : { form: a.signIn.wrong });
    } else {
      setErrors({ form: refusal.why === 'wait' ? a.signIn.wait(refusal.text) : refusal.text });
    }
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const empty = missing(way, typed);
    setErrors(empty ?? {});
    if (empty) return;
    setBusy(true);
    try {
      const session = await signIn(credentials(way, typed, second, recovery));
      queries.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
      queries.setQueryData(['session'], session);
    } catch (error) {
      refused(error);
      setBusy(false);
    }
  };
  const set = (field: keyof Typed) => (event: React.ChangeEvent<HTMLInputElement>) => {
    const value = event.currentTarget.value;
    setTyped((old) => ({ ...old, [field]: value }));
  };
  return { typed, set, second, setSecond, recovery, setRecovery, errors, setErrors, busy, submit };
}

function SecondFactor({ form }: { form: ReturnType<typeof useSignIn> }) {
  return (
    <>
      <TextInput
        label={form.recovery ? a.signIn.recoveryCode : a.signIn.code}
        description={form.recovery ? undefined : a.signIn.codeHint}
        value={form.typed.code}
        onChange={form.set('code')}
        error={form.errors.code}
        inputMode={form.recovery ? undefined : 'numeric'}
        autoComplete="one-time-code"
        autoFocus
      />
      <Anchor component="button" type="button" size="sm" ta="left" onClick={() => form.setRecovery(!form.recovery)}>
        {form.recovery ? a.signIn.app : a.signIn.recovery}
      </Anchor>
    </>
  );
}

function Fields({ way, form }: { way: Way; form: ReturnType<typeof useSignIn> }) {
  const { typed, set, errors } = form;
  if (way === 'token') {
    return (
      <PasswordInput
        key="token"
        label={t.signIn.token}
        description={t.signIn.hint}
        value={typed.token}
        onChange={set('token')}
        error={errors.token}
        autoComplete="off"
        visibilityToggleButtonProps={{ 'aria-label': t.signIn.show }}
      />
    );
  }
  return (
    <>
      <TextInput
        label={a.signIn.login}
        value={typed.login}
        onChange={set('login')}
        error={errors.login}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
      />
      <PasswordInput
        label={a.signIn.passwordLabel}
        value={typed.password}
        onChange={set('password')}
        error={errors.password}
        autoComplete="current-password"
        visibilityToggleButtonProps={{ 'aria-label': a.signIn.show }}
      />
      {form.second && <SecondFactor form={form} />}
    </>
  );
}

/** The way to the identity provider, which leads back to this address. */
function backHere(path: string): string {
  const { pathname, search } = window.location;
  return `${path}?${new URLSearchParams({ returnTo: pathname + search })}`;
}

export function SignIn() {
  const ways = useQuery({ queryKey: ['session-ways'], queryFn: readWays, staleTime: Number.POSITIVE_INFINITY });
  const [chosen, setWay] = useState(remembered);
  const [said] = useState(takeSaid);
  const offered = ways.data ?? { password: true, token: true, openId: null };
  const way: Way = offered[chosen] ? chosen : offered.password ? 'password' : 'token';
  const form = useSignIn(way);
  useEffect(() => {
    document.title = `${t.signIn.title} · Stoker`;
  }, []);
  const choose = (value: string) => {
    const next: Way = value === 'token' ? 'token' : 'password';
    remember(next);
    form.setErrors({});
    form.setSecond(false);
    setWay(next);
  };
  return (
    <main className="center">
      <Paper withBorder p="xl" radius="md" w="100%" maw="26rem">
        <form onSubmit={form.submit} noValidate>
          <Stack gap="md">
            <Mark />
            <Title order={1}>{t.signIn.title}</Title>
            {said && (
              <div className="notice tone-good" role="status">
                {said}
              </div>
            )}
            {offered.openId && (
              <>
                <Button component="a" href={backHere(offered.openId.path)} size="sm" variant="default">
                  {a.signIn.openId(offered.openId.name)}
                </Button>
                <Text size="sm" className="muted" ta="center">
                  {a.signIn.or}
                </Text>
              </>
            )}
            {offered.password && offered.token && (
              <SegmentedControl
                aria-label={a.signIn.way}
                data={[
                  { value: 'password', label: a.signIn.password },
                  { value: 'token', label: a.signIn.token },
                ]}
                value={way}
                onChange={choose}
                fullWidth
              />
            )}
            <Fields way={way} form={form} />
            {form.errors.form && (
              <div className="notice tone-bad" role="alert">
                {form.errors.form}
              </div>
            )}
            <Button type="submit" size="sm" loading={form.busy}>
              {t.signIn.button}
            </Button>
            <Text size="sm" className="muted">
              {way === 'token' ? t.signIn.where : a.signIn.where}
            </Text>
          </Stack>
        </form>
      </Paper>
    </main>
  );
}
