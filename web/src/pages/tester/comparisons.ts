/** How two values can be compared, as it is stored and as it is read. */

import { x } from '../../texts/tester';

const KNOWN = Object.entries(x.comparisons).map(([value, label]) => ({ value, label }));

/** Those that need no second value. */
export const WITHOUT_VALUE = ['Exists', 'DoesNotExist', 'IsBlank', 'IsNotBlank'];

/** All of them for a choice, with the one that stands there, even when nobody knows it. */
export const comparisons = (now: string) =>
  now in x.comparisons || !now ? KNOWN : [...KNOWN, { value: now, label: now }];
