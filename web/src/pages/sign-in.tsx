/** Signing in with a personal access token. The address stays, so that a deep link works after it. */

import { Button, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { Problem, raw } from '../api/client';
import type { Session } from '../api/own';
import { t } from '../texts/pages';
import { Mark } from '../ui/mark';

export function SignIn() {
  const queries = useQueryClient();
  const [token, setToken] = useState('');
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = `${t.signIn.title} · Stoker`;
  }, []);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!token.trim()) {
      setError(t.signIn.empty);
      return;
    }
    setBusy(true);
    setError(undefined);
    try {
      const session = await raw<Session>('/stoker/v1/session', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token }),
      });
      queries.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
      queries.setQueryData(['session'], session);
    } catch (problem) {
      const known = problem instanceof Problem ? problem : undefined;
      setError(known?.status === 401 ? t.signIn.wrong : (known?.message ?? t.failed));
      setBusy(false);
    }
  };

  return (
    <main className="center">
      <Paper withBorder p="xl" radius="md" w="100%" maw="26rem">
        <form onSubmit={submit}>
          <Stack gap="md">
            <Mark />
            <Title order={1}>{t.signIn.title}</Title>
            <PasswordInput
              label={t.signIn.token}
              description={t.signIn.hint}
              value={token}
              onChange={(event) => setToken(event.currentTarget.value)}
              error={error}
              autoComplete="off"
              autoFocus
              visibilityToggleButtonProps={{ 'aria-label': t.signIn.show }}
            />
            <Button type="submit" size="sm" loading={busy}>
              {t.signIn.button}
            </Button>
            <Text size="sm" className="muted">
              {t.signIn.where}
            </Text>
          </Stack>
        </form>
      </Paper>
    </main>
  );
}
