/** Shapes of the console's own family, which the documents do not have yet. */

/** A session, from `/stoker/v1/session`. */
export interface Session {
  user: { id: string; login: string; name: string };
  permissions: string[];
  /** What the user may do on which workspace. */
  rights: { workspaceId: string; rights: string[] }[];
  csrfHeader: string;
  csrfToken: string;
  expiresAt: string;
  publicUrl: string;
  version: string;
}

/** Kinds of things that events speak of; the first part of every query key. */
export const TOPICS = ['runs', 'logs', 'engines', 'objects'] as const;
export type Topic = (typeof TOPICS)[number];
