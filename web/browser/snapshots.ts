/**
 * Coarse pictures of pages, kept in Git, against which every later one is held: what moved, went missing or changed its
 * colour shows, how letters are smoothed does not. Before a picture is taken, times, numbers and ids become the same ones
 * every time ({@link settle}). `STOKER_SNAPSHOTS=write` makes them anew, to be looked at in the difference of the commit.
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
/** What is not looked at: lengths as bars, rows of plans that start side by side, what comes within a day. */
const HIDDEN =
  '.mono, .bar, .hour-bars > span, [role=status], .log-line, .list-frame .list-row:has(.muted), .columns.halves > .panel:nth-child(4)';
/** What is left out: the events of a run, one more of which tells when it had to wait a moment, and the mark of news. */
const GONE = '.panel:has(.events), .live';
/** How often a page is looked at again, because it may have drawn a time anew in between. */
const TRIES = 3;
/** A text whose width tells which fonts a machine has. */
const PROBE = 'Stoker 0123456789 Waiting, Succeeded';

const writing = process.env.STOKER_SNAPSHOTS === 'write';

/** Has a page show the same times and numbers as every other time, and nothing of what is never twice the same. */
export function settle(page: Page): Promise<void> {
  return page.evaluate(
    ([hidden, gone]) => {
      for (const one of document.querySelectorAll<HTMLElement>(hidden)) one.style.visibility = 'hidden';
      for (const one of document.querySelectorAll<HTMLElement>(gone)) one.style.display = 'none';
      for (const one of document.querySelectorAll<HTMLInputElement>('input[type=date]')) one.value = '2000-01-01';
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let text = texts.nextNode(); text; text = texts.nextNode()) {
        // Ids and keys are hidden, and as long as every other one.
        if (text.parentElement?.closest('style, script, .mono')) continue;
        const was = text.nodeValue ?? '';
        const now = text.parentElement?.closest('time')
          ? was
              .replace(/^.*\d{4}.*$/, 'Mon, 01 Jan 2000, 00:00:00')
              .replace(/just now|(in )?\d.* (s|min|h|d)( ago)?/, '0 s ago')
          : was
              .replace(/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b/g, 'Mon')
              .replace(/\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b/g, 'Jan')
              .replace(/\b\d+ (ms|s|min|h|d)( \d+ (s|min|h))?\b/g, '0 s')
              .replace(/goes (forward|back)/, 'goes')
              .replace(/\d+/g, '0');
        if (now !== was) text.nodeValue = now;
      }
    },
    [HIDDEN, GONE] as const,
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
    const file = join(FOLDER, `${name}.png`);
    const kept = existsSync(file) ? url(readFileSync(file)) : undefined;
    const look = async () => {
      await settle(page);
      const taken = await page.screenshot({ animations: 'disabled', caret: 'hide' });
      return this.table.evaluate(draw, [url(taken), kept, COARSE, FAR] as const);
    };
    let found = await look();
    for (let tries = 1; kept && found.share > SHARE && tries < TRIES; tries += 1) found = await look();
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
