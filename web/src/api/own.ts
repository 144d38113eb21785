/** Whose session it is, and what the server hints at. */

import type { components as Own } from './generated/stoker';

export type Session = Own['schemas']['Session'];

/** Kinds of things that events speak of; the first part of every query key. */
export const TOPICS = ['runs', 'logs', 'engines', 'objects', 'settings'] as const;
export type Topic = (typeof TOPICS)[number];
