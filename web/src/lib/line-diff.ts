/** How two texts differ, line by line. */

export interface DiffLine {
  sign: ' ' | '-' | '+';
  text: string;
}

/** Most lines between the first and the last difference that are matched; more are shown as taken out and put in. */
const MOST = 2_000;

/** The lines of both: taken out of the first, put into the second, or in both. */
export function lineDiff(one: readonly string[], two: readonly string[]): DiffLine[] {
  let head = 0;
  while (head < one.length && head < two.length && one[head] === two[head]) head += 1;
  let tail = 0;
  while (tail < one.length - head && tail < two.length - head && one.at(-1 - tail) === two.at(-1 - tail)) tail += 1;
  const [left, right] = [one.slice(head, one.length - tail), two.slice(head, two.length - tail)];
  const as = (sign: DiffLine['sign']) => (text: string) => ({ sign, text });
  const middle =
    left.length > MOST || right.length > MOST ? [...left.map(as('-')), ...right.map(as('+'))] : matched(left, right);
  return [...one.slice(0, head).map(as(' ')), ...middle, ...one.slice(one.length - tail).map(as(' '))];
}

/** By the longest list of lines that both have in the same order. */
function matched(left: string[], right: string[]): DiffLine[] {
  const wide = right.length + 1;
  const length = new Uint16Array((left.length + 1) * wide);
  const at = (row: number, column: number) => length[row * wide + column] ?? 0;
  for (let row = left.length - 1; row >= 0; row -= 1) {
    for (let column = right.length - 1; column >= 0; column -= 1) {
      length[row * wide + column] =
        left[row] === right[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const made: DiffLine[] = [];
  let [row, column] = [0, 0];
  while (row < left.length || column < right.length) {
    if (row < left.length && column < right.length && left[row] === right[column]) {
      made.push({ sign: ' ', text: left[row] ?? '' });
      row += 1;
      column += 1;
    } else if (column >= right.length || (row < left.length && at(row + 1, column) >= at(row, column + 1))) {
      made.push({ sign: '-', text: left[row] ?? '' });
      row += 1;
    } else {
      made.push({ sign: '+', text: right[column] ?? '' });
      column += 1;
    }
  }
  return made;
}
