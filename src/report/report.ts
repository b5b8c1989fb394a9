import { join } from 'node:path';
import { makeFolder } from '../results/files.ts';
import { type FileData, writeWhole } from '../shared/whole-file.ts';
import { figuresOf } from './figures/all.ts';
import { type Image, standalone } from './figures/compose.ts';
import type { Canvas, Figure } from './figures/figure.ts';
import { toPng } from './images.ts';
import type { ReportInput, Study } from './input.ts';
import { pageHtml } from './page/page.ts';
import { cellTable, toCsv, toParquet } from './table.ts';

/** What a report consists of. */
export interface Written {
  /** Paths of files, the page first. */
  files: string[];
  /** What could not be written, in words. */
  notes: string[];
}

const DATA = ['cells.csv', 'cells.parquet'];

/**
 * Writes the report: `report.html`, `figures/`, `cells.csv` and `cells.parquet`. Without a browser the PNG files are left out, and a note
 * says so.
 * @throws InputError when the folder cannot be written.
 */
export async function writeReport(input: ReportInput, folder: string): Promise<Written> {
  await makeFolder(join(folder, 'figures'));
  const canvas = await serverCanvas();
  const prefixes = prefixesOf(input.studies);
  const figures = input.studies.map((study, i) => figuresOf(canvas, study, prefixes[i]!));
  const all = figures.flatMap(({ results, lengths }) => [...results, ...lengths]);
  const images = all.map(figure => standalone(figure));
  const drawn = all.length === 0 ? { png: [] } : await toPng(images);
  const notes = 'without' in drawn ? [`figures are SVG only, PNG needs a browser (${drawn.without})`] : [];
  const files: [string, FileData][] = [
    ...(await dataFiles(input)),
    ...all.flatMap((figure, i) => imageFiles(figure, images[i]!, 'png' in drawn ? drawn.png[i]! : undefined)),
  ];
  const names = new Set(files.map(([name]) => name));
  const page = pageHtml(input, {
    figures,
    filesOf: ({ id }) => ['svg', 'png'].map(type => `figures/${id}.${type}`).filter(name => names.has(name)),
    data: DATA,
    notes,
  });
  for (const [name, data] of files) await writeWhole(join(folder, name), data);
  // Last, so that a page never stands beside files of an older report.
  await writeWhole(join(folder, 'report.html'), page);
  return { files: ['report.html', ...names].map(name => join(folder, name)), notes };
}

/** Plot, and jsdom to draw in. Both are loaded only when a report is made. */
export async function serverCanvas(): Promise<Canvas> {
  const [Plot, { JSDOM }] = await Promise.all([import('@observablehq/plot'), import('jsdom')]);
  return { Plot, document: new JSDOM('').window.document };
}

async function dataFiles({ studies }: ReportInput): Promise<[string, FileData][]> {
  const table = cellTable(studies.map(({ run }) => run));
  return [
    [DATA[0]!, toCsv(table)],
    [DATA[1]!, await toParquet(table)],
  ];
}

function imageFiles({ id }: Figure, { svg }: Image, png: Uint8Array | undefined): [string, FileData][] {
  return [[`figures/${id}.svg`, svg], ...(png ? [[`figures/${id}.png`, png] as [string, Uint8Array]] : [])];
}

/**
 * A run's figures are named after it, and numbered where that leaves two alike. Names come from a file: only what any file system takes is
 * kept.
 */
function prefixesOf(studies: readonly Study[]): string[] {
  const names = studies.map(({ run }) => run.name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^\.+/, ''));
  return names.map((name, i) => {
    const before = names.slice(0, i).filter(other => other === name).length;
    return before === 0 ? name : `${name}-${before + 1}`;
  });
}
