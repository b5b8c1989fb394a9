import { join } from 'node:path';
import { makeFolder } from '../results/files.ts';
import { type FileData, writeWhole } from '../shared/whole-file.ts';
import { figuresOf } from './figures/all.ts';
import { type Image, standalone } from './figures/compose.ts';
import type { Canvas, Figure } from './figures/figure.ts';
import { type Format, toFormats } from './images.ts';
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
 * Writes the report: `report.html`, `figures/`, `cells.csv` and `cells.parquet`. Figures are SVG, and files of the formats that are asked
 * for; without a browser these are left out, and a note says so.
 * @throws InputError when the folder cannot be written.
 */
export async function writeReport(
  input: ReportInput,
  folder: string,
  formats: readonly Format[] = ['png'],
): Promise<Written> {
  await makeFolder(join(folder, 'figures'));
  const canvas = await serverCanvas();
  const prefixes = prefixesOf(input.studies);
  const figures = input.studies.map((study, i) => figuresOf(canvas, study, prefixes[i]!));
  const all = figures.flatMap(({ results, lengths }) => [...results, ...lengths]);
  const images = all.map(figure => standalone(figure));
  const result = all.length === 0 ? { drawn: [] } : await toFormats(images, formats);
  const notes =
    'without' in result
      ? [
          `figures are SVG only, ${formats.map(format => format.toUpperCase()).join(' and ')} only with a browser (${result.without})`,
        ]
      : [];
  const files: [string, FileData][] = [
    ...(await dataFiles(input)),
    ...all.flatMap((figure, i) =>
      imageFiles(figure, images[i]!, 'drawn' in result ? result.drawn[i]! : new Map()),
    ),
  ];
  const names = new Set(files.map(([name]) => name));
  const page = pageHtml(input, {
    figures,
    filesOf: ({ id }) =>
      ['svg', ...formats].map(type => `figures/${id}.${type}`).filter(name => names.has(name)),
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

function imageFiles(
  { id }: Figure,
  { svg }: Image,
  drawn: ReadonlyMap<Format, Uint8Array>,
): [string, FileData][] {
  return [
    [`figures/${id}.svg`, svg],
    ...[...drawn].map(([format, data]): [string, FileData] => [`figures/${id}.${format}`, data]),
  ];
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
