import { constants, existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunName } from './beside.ts';
import { parseLine, scanLines } from './lines.ts';
import { type CellLine, type CellResult, cellLineSchema } from './schema.ts';
import { CELL_FILES, modelPath, readCells, type Store, type TakenCell } from './store.ts';

/** A cell that is wanted: what another run may call it, too, if it has other axes. */
export interface WantedCell {
  hash: string;
  axes: CellLine['axes'];
}

/** Cells that are written at once. */
const BATCH = 256;

/**
 * Takes finished cells of other runs into a store: line, model and curve, the line marked with the run that trained it. What the store has
 * stays. The other runs need not be locked: they only grow, and a cell whose files go away meanwhile is left to be trained.
 * @param isWelcome says of a line whether it may stand here; its hash is right already
 * @returns how many were taken
 * @throws InputError when a line of another run is damaged, MachineError when the disk refuses.
 */
export async function takeOver(
  store: Store,
  wanted: readonly WantedCell[],
  others: readonly RunName[],
  isWelcome: (cell: CellResult) => boolean,
): Promise<number> {
  const axes = new Map(wanted.filter(({ hash }) => !store.has(hash)).map(cell => [cell.hash, cell.axes]));
  let taken = 0;
  for (const { folder, run } of others) {
    const { cells } = await readCells(folder);
    const own = new Set(
      cells.filter(cell => axes.has(cell.cell) && !store.has(cell.cell) && isWelcome(cell)).map(c => c.cell),
    );
    if (own.size === 0) continue;
    const curves = await curvesIn(folder, own);
    try {
      for await (const lines of linesIn(folder, own)) {
        const batch = lines
          .filter(({ cell }) => existsSync(modelPath(folder, cell)))
          .map(line => ({ ...line, axes: axes.get(line.cell)!, from: line.from ?? run }));
        const copied: TakenCell[] = [];
        for (const line of batch)
          copied.push({ line, model: modelPath(folder, line.cell), curve: await curves.read(line.cell) });
        await store.take(copied);
        taken += copied.length;
      }
    } finally {
      await curves.close();
    }
  }
  return taken;
}

/** The last line of each wanted cell, in batches; a finished one before one that waits for its theory. */
async function* linesIn(folder: string, wanted: Set<string>): AsyncGenerator<CellLine[]> {
  const left = new Set(wanted);
  for (const name of CELL_FILES) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    // Where lines of wanted cells begin: the lines themselves may be more than memory holds.
    const places = new Map<string, { at: number; bytes: number; number: number; checksum: string }>();
    const handle = await open(path, 'r');
    try {
      await scanLines(handle, path, ({ bytes, ...line }) => {
        const cell = cellIn(bytes);
        if (left.has(cell)) places.set(cell, { ...line, bytes: bytes.length });
      });
      const found = [...places];
      for (let first = 0; first < found.length; first += BATCH) {
        const lines: CellLine[] = [];
        for (const [, { at, bytes, ...line }] of found.slice(first, first + BATCH))
          lines.push(
            parseLine({ ...line, at, bytes: await readAt(handle, at, bytes) }, path, cellLineSchema),
          );
        yield lines;
      }
    } finally {
      await handle.close();
    }
    for (const cell of places.keys()) left.delete(cell);
  }
}

/** Where the curves of some cells lie in `curves.jsonl`, open for reading. */
async function curvesIn(folder: string, wanted: Set<string>) {
  const path = join(folder, 'curves.jsonl');
  const ranges = new Map<string, [start: number, end: number][]>();
  const handle = await open(path, constants.O_RDONLY).catch(() => undefined);
  if (handle)
    await scanLines(handle, path, ({ bytes, at }) => {
      const cell = cellIn(bytes);
      if (!wanted.has(cell)) return;
      const own = ranges.get(cell) ?? [];
      const last = own.at(-1);
      const end = at + bytes.length + 1;
      if (last?.[1] === at) last[1] = end;
      else own.push([at, end]);
      ranges.set(cell, own);
    });
  return {
    async read(cell: string): Promise<Buffer> {
      const parts: Buffer[] = [];
      for (const [start, end] of ranges.get(cell) ?? [])
        parts.push(await readAt(handle!, start, end - start));
      return Buffer.concat(parts);
    },
    close: async () => handle?.close(),
  };
}

/** The cell that a line is about: it is its first field. */
function cellIn(line: Buffer): string {
  return /^\{"cell":"([^"\\]*)"/.exec(line.toString('latin1', 0, 64))?.[1] ?? '';
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer;
}
