/** Says that a list is longer than what was read of it. */

import { useQuery } from '@tanstack/react-query';
import { MOST_READ } from '../api/queries';
import { t } from '../texts/pages';

/** The line; `page` asks for any part of the list together with its length, and is asked only when the list was cut. */
export function CutLine({ read, page }: { read: number; page: object }) {
  const cut = read >= MOST_READ;
  const found = useQuery({ ...page, enabled: cut } as never) as { data?: { total: number } };
  if (!cut || !found.data || found.data.total <= read) return null;
  return (
    <p className="notice tone-warn" role="note" style={{ margin: 0 }}>
      {t.cut(read, found.data.total)}
    </p>
  );
}
