/** The faces of the API tester. */

import { Link } from '@tanstack/react-router';
import { x } from '../../texts/tester';
import { TabStrip } from '../../ui/tabs';

const TABS = [
  ['projects', '/tester', x.project],
  ['history', '/tester/history', x.history],
  ['reference', '/tester/reference', x.reference],
] as const;

/** The strip above them. */
export function TesterTabs() {
  return (
    <TabStrip label={x.title}>
      {TABS.map(([key, to, label]) => (
        <Link key={key} to={to} activeOptions={{ exact: true, includeSearch: false }}>
          {label}
        </Link>
      ))}
    </TabStrip>
  );
}
