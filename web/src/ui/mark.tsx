/** The mark: an ember over a grate, and the name. */
export function Mark() {
  return (
    <span
      style={{ display: 'inline-flex', alignItems: 'center', gap: '0.55rem', fontWeight: 680, fontSize: '1.0625rem' }}
    >
      <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
        <rect width="32" height="32" rx="7" fill="#1d3446" />
        <path
          d="M16 5c1 5 6 7 6 13a6 6 0 0 1-12 0c0-3 2-4 2.5-7 1.5 1 2 2 2 3.5C16.5 12 16.500 8 16 5z"
          fill="#f2a33a"
        />
        <rect x="8" y="25" width="16" height="2.5" rx="1.25" fill="#9fc2dc" />
      </svg>
      Stoker
    </span>
  );
}
