/** Figures beside their bars, and the page that they are written to. */

import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { resolve } from 'node:path';

interface Row {
  what: string;
  figure: string;
  floor: string;
  bar: string;
  /** Whether the figure is within its bar; undefined without a bar. */
  met?: boolean;
}

/** The value below which a share of the values lies. */
export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Collects figures. */
export class Report {
  private readonly rows: Row[] = [];
  private readonly load = loadavg()[0] ?? 0;
  readonly notes: string[] = [];

  row(what: string, figure: string, floor = '', bar = '', met?: boolean): void {
    this.rows.push({ what, figure, floor, bar, met });
    process.stderr.write(`  ${what}: ${figure}${bar && ` (${bar}: ${met ? 'pass' : 'MISSED'})`}\n`);
  }

  get missed(): string[] {
    return this.rows.filter((row) => row.met === false).map((row) => `${row.what}: ${row.figure}, bar ${row.bar}`);
  }

  write(): void {
    const model = cpus()[0]?.model ?? 'unknown processor';
    const head = `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${model}), ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, load ${this.load.toFixed(2)} at the start. Server, engine, browser and measuring share these cores.`;
    const table = [
      ['What', 'Figure', 'Floor in the same run', 'Bar'],
      ['---', '---', '---', '---'],
      ...this.rows.map((row) => [
        row.what,
        row.figure,
        row.floor,
        row.bar && `${row.bar} ${row.met ? 'pass' : 'missed'}`,
      ]),
    ];
    const lines = table.map((cells) => `| ${cells.join(' | ')} |`);
    const notes = this.notes.map((note) => `- ${note}`);
    const text = ['# The console', '', head, '', ...lines, '', ...notes, ''].join('\n');
    const out = process.env.STOKER_BARS_OUT ?? resolve(import.meta.dirname, '../../bench/console.md');
    writeFileSync(out, text);
  }
}
