/**
 * Coarse pictures of pages, kept in Git, against which every later one is held: what moved, went missing or changed its
 * colour shows, how letters are smoothed does not. What changes from one time to the next (times, lengths, ids) is left
 * out. `STOKER_SNAPSHOTS=write` makes them anew, to be looked at in the difference of the commit.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), 'snapshots');
/** Pictures that differ are left here, to be laid beside the kept ones. */
const DIFFERENT = join(dirname(fileURLToPath(import.meta.url)), '../../target/snapshots');
/** One point of a kept picture stands for so many of the page, in each direction. */
const COARSE = 8;
/** A point differs when one of its colours does by more than this, of 255. */
const FAR = 40;
/** Largest share of points that may differ: less than a button of usual size at 1440 pixels. */
const SHARE = 0.002;
/** What is never twice the same: among it lengths of runs in lists, and runs of a plan, which start side by side. */
const MOVING =
  'time, .mono, .took, .bar, [role=status], .log-line, .list-frame .list-row > :nth-child(4), .list-frame .list-row:has(.muted)';
/** A text whose width tells which fonts a machine has. */
const PROBE = 'Stoker 0123456789 Waiting, Succeeded';

const writing = process.env.STOKER_SNAPSHOTS === 'write';

function hide(page: Page, hidden: boolean): Promise<void> {
  return page.evaluate(
    ([selector, visibility]) => {
      for (const one of document.querySelectorAll<HTMLElement>(selector)) one.style.visibility = visibility;
    },
    [MOVING, hidden ? 'hidden' : ''] as const,
  );
}

const url = (png: Buffer) => `data:image/png;base64,${png.toString('base64')}`;

/** Makes a picture smaller, and tells how far it is from a kept one. Runs in the browser, which reads and writes PNG. */
function draw([taken, kept, coarse, far]: readonly [string, string | undefined, number, number]) {
  const load = async (from: string) => {
    const image = new Image();
    image.src = from;
    await image.decode();
    return image;
  };
  const onto = (image: HTMLImageElement, width: number, height: number) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext('2d');
    if (!context) throw new Error('no canvas');
    context.imageSmoothingQuality = 'high';
    context.drawImage(image, 0, 0, width, height);
    return { canvas, points: context.getImageData(0, 0, width, height).data };
  };
  return load(taken).then(async (image) => {
    const [width, height] = [Math.round(image.width / coarse), Math.round(image.height / coarse)];
    const now = onto(image, width, height);
    const small = now.canvas.toDataURL('image/png');
    if (!kept) return { small, share: 1, where: '' };
    const before = await load(kept);
    if (before.width !== width || before.height !== height) return { small, share: 1, where: 'another size' };
    const old = onto(before, width, height).points;
    let count = 0;
    let [left, top, right, bottom] = [width, height, 0, 0];
    for (let at = 0; at < old.length; at += 4) {
      const apart = [0, 1, 2].some(
        (colour) => Math.abs((old[at + colour] ?? 0) - (now.points[at + colour] ?? 0)) > far,
      );
      if (!apart) continue;
      count += 1;
      const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
    }
    const where = [left, top, right + 1, bottom + 1].map((value) => value * coarse).join(', ');
    return { small, share: count / (width * height), where };
  });
}

/** Holds pages against their kept pictures. */
export class Snapshots {
  private constructor(
    private readonly table: Page,
    /** Whether the machine has the fonts that the kept pictures were made with; without them nothing can be compared. */
    readonly comparable: boolean,
  ) {}

  static async open(browser: Browser): Promise<Snapshots> {
    const table = await (await browser.newContext()).newPage();
    const width = await table.evaluate((text) => {
      const context = document.createElement('canvas').getContext('2d');
      if (!context) throw new Error('no canvas');
      context.font = '100px Inter, "Segoe UI", Roboto, "Helvetica Neue", Cantarell, "Noto Sans", sans-serif';
      return Math.round(context.measureText(text).width);
    }, PROBE);
    const file = join(FOLDER, 'fonts.txt');
    if (writing) {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(file, `${width}\n`);
    }
    const known = existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
    if (known !== width) {
      console.warn(`snapshots are not compared: the kept ones were made with other fonts (${known}, here ${width})`);
    }
    return new Snapshots(table, known === width);
  }

  /** What is wrong with the page as it is shown now; nothing when it looks as it did. */
  async differs(name: string, page: Page): Promise<string[]> {
    if (!this.comparable) return [];
    await hide(page, true);
    const taken = await page.screenshot({ animations: 'disabled', caret: 'hide' });
    await hide(page, false);
    const file = join(FOLDER, `${name}.png`);
    const kept = existsSync(file) ? url(readFileSync(file)) : undefined;
    const found = await this.table.evaluate(draw, [url(taken), kept, COARSE, FAR] as const);
    if (process.env.STOKER_SNAPSHOTS === 'tell') console.log(name, found.share.toFixed(5), found.where);
    if (found.share <= SHARE) return [];
    const small = Buffer.from(found.small.split(',')[1] ?? '', 'base64');
    if (writing) {
      writeFileSync(file, small);
      return [];
    }
    mkdirSync(DIFFERENT, { recursive: true });
    writeFileSync(join(DIFFERENT, `${name}.png`), small);
    const much = (found.share * 100).toFixed(2);
    return kept
      ? [`looks other than before: ${much} % of it, within ${found.where}; see target/snapshots/${name}.png`]
      : ['has no kept picture; STOKER_SNAPSHOTS=write makes one'];
  }
}
