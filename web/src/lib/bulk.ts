/** One act upon many things: who it is for and who is left out, and how each of them went. */

/** Something that is left out, with the reason in words. */
export interface LeftOut<T> {
  item: T;
  why: string;
}

/** What will and what will not happen. */
export interface Plan<T> {
  go: T[];
  left: LeftOut<T>[];
}

/** Parts those for which there is a reason against it from the others. */
export function planned<T>(items: readonly T[], against: (item: T) => string | undefined): Plan<T> {
  const plan: Plan<T> = { go: [], left: [] };
  for (const item of items) {
    const why = against(item);
    if (why === undefined) plan.go.push(item);
    else plan.left.push({ item, why });
  }
  return plan;
}

/** How one of them went: nothing when it was done, else what was refused. */
export interface Outcome<T> {
  item: T;
  error?: unknown;
}

/** Does it to each, a few at a time; a refusal of one does not keep the others. Tells of each as it ends. */
export async function forEach<T>(
  items: readonly T[],
  act: (item: T) => Promise<unknown>,
  told: (outcome: Outcome<T>) => void,
  atOnce = 4,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let item = items[next]; item !== undefined; item = items[next]) {
      next += 1;
      try {
        await act(item);
        told({ item });
      } catch (error) {
        told({ item, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
