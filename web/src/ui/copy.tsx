/** The button that makes a copy of what a page is about. */

import { Button } from '@mantine/core';
import { IconCopyPlus } from '@tabler/icons-react';
import { type ReactNode, Suspense, useState } from 'react';
import { useWorkspacesWith } from '../app/context';
import { b } from '../texts/bulk';

/** The button; left out for those who may make nothing in any workspace. `dialog` is loaded when it is wanted. */
export function CopyAsButton({ dialog }: { dialog: (close: () => void) => ReactNode }) {
  const [open, setOpen] = useState(false);
  const somewhere = useWorkspacesWith('AUTHOR').length > 0;
  if (!somewhere) return null;
  return (
    <>
      <Button variant="default" leftSection={<IconCopyPlus size={16} aria-hidden />} onClick={() => setOpen(true)}>
        {b.copy.button}
      </Button>
      <Suspense fallback={null}>{open && dialog(() => setOpen(false))}</Suspense>
    </>
  );
}
