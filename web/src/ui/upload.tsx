/** How far the upload of a file is. */

import { Progress, Text } from '@mantine/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import { type Upload, upload } from '../api/upload';
import { t } from '../texts/pages';

/** One upload at a time, which is given up when its form is closed. */
export function useUpload() {
  const [share, setShare] = useState<number>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const send = useCallback(async <T,>(wish: Upload): Promise<T> => {
    const mine = new AbortController();
    running.current = mine;
    setShare(0);
    try {
      return await upload<T>(wish, { progress: setShare, signal: mine.signal });
    } finally {
      setShare(undefined);
    }
  }, []);
  return { share, send };
}

/** The bar with its words; nothing while nothing is sent. */
export function Sending({ share }: { share: number | undefined }) {
  if (share === undefined) return null;
  const percent = Math.floor(share * 100);
  return (
    <div>
      <Progress value={percent} aria-label={t.sending.label} transitionDuration={0} />
      <Text size="sm" className="muted" mt={4}>
        {share < 1 ? t.sending.percent(percent) : t.sending.checked}
      </Text>
    </div>
  );
}
