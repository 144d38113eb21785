/** What the pages of everything that runs tasks share. */

import { Link } from '@tanstack/react-router';
import { k } from '../texts/engine-kinds';
import { infra } from '../texts/infra';
import { TabStrip } from '../ui/tabs';

/** The faces of processing. */
export function ProcessingTabs() {
  return (
    <TabStrip label={infra.processing.label}>
      <Link to="/engines" activeOptions={{ includeSearch: false }}>
        {infra.processing.engines}
      </Link>
      <Link to="/clusters" activeOptions={{ includeSearch: false }}>
        {infra.processing.clusters}
      </Link>
      <Link to="/run-profiles" activeOptions={{ includeSearch: false }}>
        {infra.processing.profiles}
      </Link>
      <Link to="/gen2-engines" activeOptions={{ includeSearch: false }}>
        {k.gen2.title}
      </Link>
      <Link to="/dynamic-engines" activeOptions={{ includeSearch: false }}>
        {k.dynamic.title}
      </Link>
      <Link to="/dynamic-environments" activeOptions={{ includeSearch: false }}>
        {k.places.tab}
      </Link>
    </TabStrip>
  );
}
