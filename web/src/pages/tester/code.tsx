/** A request as a program. */

import { Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useContext, useState } from 'react';
import { codeOf, type Language } from '../../api/tester';
import type { Entity } from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { Code, Failure } from '../../ui/parts';
import { Against } from './against';

const LANGUAGES: { value: Language; label: string }[] = [
  { value: 'curl', label: 'cURL' },
  { value: 'python', label: 'Python' },
  { value: 'java', label: 'Java' },
  { value: 'javascript', label: 'JavaScript' },
  { value: 'go', label: 'Go' },
  { value: 'rust', label: 'Rust' },
];

export function CodePart({ entity }: { entity: Entity }) {
  const { id, version, values } = useContext(Against);
  const [language, setLanguage] = useState<Language>('curl');
  const code = useQuery({
    queryKey: ['tester', 'code', id, version, values, entity, language],
    queryFn: () => codeOf(id, values, entity, language),
    retry: false,
  });
  return (
    <Stack gap="xs">
      <Select
        label={x.language}
        data={LANGUAGES}
        value={language}
        onChange={(one) => one && setLanguage(one)}
        maw="14rem"
      />
      <Text size="sm" className="muted">
        {x.codeHint}
      </Text>
      {code.error ? <Failure error={code.error} /> : code.data && <Code text={code.data.text} what={x.tabs.code} />}
    </Stack>
  );
}
