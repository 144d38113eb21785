/** What engines, clusters and run profiles share. */

import { Link } from '@tanstack/react-router';
import { infra } from '../texts/infra';
import { TabStrip } from '../ui/tabs';

/** The faces of processing. */
export function ProcessingTabs() {
  return (
    <TabStrip label={infra.processing.label}>
      <Link to="/engines" activeOptions={{ exact: true, includeSearch: false }}>
        {infra.processing.engines}
      </Link>
      <Link to="/clusters" activeOptions={{ exact: true, includeSearch: false }}>
        {infra.processing.clusters}
      </Link>
      <Link to="/run-profiles" activeOptions={{ exact: true, includeSearch: false }}>
        {infra.processing.profiles}
      </Link>
    </TabStrip>
  );
}
