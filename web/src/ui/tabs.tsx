/** Several faces of one place. Each has an address, so the strip is a navigation of links. */

import type { ReactNode } from 'react';

/** The strip; its links mark themselves with `aria-current`. */
export function TabStrip({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav className="tab-strip" aria-label={label}>
      {children}
    </nav>
  );
}
