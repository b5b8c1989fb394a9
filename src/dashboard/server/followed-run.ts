import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cell } from '../../plan/cells.ts';
import { shardOf, shardSchema } from '../../plan/shard.ts';
import { CurveFile } from '../../results/curve-file.ts';
import type { FollowedLine } from '../../results/indexed.ts';
import { FollowedLive } from '../../results/live.ts';
import { type CellResult, type Manifest, manifestSchema } from '../../results/schema.ts';
import { type FollowedCells, followCells, modelPath, workOn } from '../../results/store.ts';
import { messageOf } from '../../shared/errors.ts';
import { recordedCells } from '../../sweep/recorded-cells.ts';
import { taskOf } from '../../tasks/registry.ts';
import { type CellDetail, type Curves, noCurves, type RunHead, type State } from '../data.ts';
import { commandOf } from './command.ts';
import { LiveState } from './live-state.ts';
import { metricsOf, type Row } from './rows.ts';
import { settingsOf } from './settings.ts';

/** Where the line of a trained cell stands. */
interface Place extends Omit<FollowedLine<CellResult>, 'digest'> {
  file: FollowedCells;
}

/** What a look at a run's folder brought. */
export interface News {
  /** Everything is other than before: the run was begun afresh. */
  anew: boolean;
  head: boolean;
  rows: Row[];
  curves: Record<string, Curves>;
}

/** A run's folder, followed while any process writes to it. Nothing in it is ever changed. */
export class FollowedRun {
  readonly folder: string;
  readonly id: string;
  readonly rows = new Map<string, Row>();
  private manifest: Manifest | undefined;
  private manifestTime = 0;
  private cells: ReturnType<typeof followCells>;
  private live: FollowedLive;
  private state = new LiveState();
  private readonly curveFile: CurveFile;
  private readonly places = new Map<string, Place>();
  private planned: Map<string, Cell> | undefined;
  private work: 'alive' | 'dead' | 'unknown' = 'dead';
  private problems: string[] = [];
  private finished = 0;
  private adapter: string | null = null;
  private headText = '';
  private settings: RunHead['settings'] = {};

  constructor(folder: string, id: string) {
    this.folder = folder;
    this.id = id;
    this.cells = followCells(folder);
    this.live = new FollowedLive(folder);
    this.curveFile = new CurveFile(folder);
  }

  /** Whether nothing more is expected of it. */
  get isSettled(): boolean {
    return this.work === 'dead' && this.manifest !== undefined && this.finished >= this.manifest.cells;
  }

  /** Looks for what is new. @param version that the rows which changed are of */
  async look(version: number): Promise<News> {
    const news: News = { anew: false, head: false, rows: [], curves: {} };
    this.problems = [];
    const changed = new Set<Row>();
    try {
      const isNew = await this.readManifest();
      await this.readCells(news, changed);
      if (isNew && this.manifest!.cells > this.finished) this.addPlanned(changed);
    } catch (error) {
      this.problems.push(messageOf(error));
    }
    if (news.anew) {
      this.forget();
      return { ...(await this.look(version)), anew: true };
    }
    const { anew, said } = await this.live.look();
    if (anew && !this.isSettled) this.state = new LiveState();
    news.curves = this.state.hear(said);
    this.work = await workOn(this.folder).catch(() => 'unknown' as const);
    this.setStates(changed);
    for (const row of changed) row.changed = version;
    news.rows = [...changed];
    const text = JSON.stringify(this.head);
    news.head = text !== this.headText;
    this.headText = text;
    return news;
  }

  get head(): RunHead {
    const { manifest, state, folder, id } = this;
    const isFinished = (cell: string) => this.places.has(cell);
    return {
      id,
      name: manifest?.name ?? id,
      run: manifest?.run ?? '',
      folder,
      task: manifest?.experiment.task.kind ?? '',
      knobs: manifest ? taskOf(manifest.experiment.task.kind).complexity.map(knob => `task.${knob}`) : [],
      epsilons: manifest?.experiment.epsilon ?? [],
      settings: this.settings,
      planned: manifest?.cells ?? 0,
      state: this.runState,
      word: state.failure ?? state.note,
      adapter: this.adapter,
      command: manifest?.command ?? '',
      shard: manifest?.shard ?? null,
      engine: manifest?.engine ?? null,
      start: manifest?.start ?? '',
      end: manifest?.end ?? null,
      packs: this.runState === 'running' ? state.packsNow(isFinished) : [],
      secondsLeft: this.runState === 'running' ? state.secondsLeft : null,
      queue: this.runState === 'running' ? state.queue : null,
      lost: state.lost,
      problems: this.problems,
    };
  }

  /** Curves of some cells, finished or not. */
  async curvesOf(cells: readonly string[]): Promise<Record<string, Curves>> {
    const finished = await this.curveFile.read(cells.filter(cell => this.places.has(cell)));
    const curves: Record<string, Curves> = {};
    for (const cell of cells) {
      const place = this.places.get(cell);
      const live = this.state.curvesOf(cell);
      if (place) {
        const { test } = await place.file.read(place);
        const tests = test.map(({ length, loss, stderr }) => ({ length, loss, stderr }));
        curves[cell] = { ...noCurves(), ...finished[cell], tests };
      } else if (live) curves[cell] = live;
    }
    return curves;
  }

  /** Everything that is known of a cell; undefined where there is none of that name. */
  async detailOf(cell: string): Promise<CellDetail | undefined> {
    const row = this.rows.get(cell);
    if (!row || !this.manifest) return undefined;
    const place = this.places.get(cell);
    const path = modelPath(this.folder, cell);
    return {
      cell,
      axes: row.axes,
      state: row.state,
      config: this.plan().get(cell)?.config ?? null,
      line: place ? { ...(await place.file.read(place)) } : null,
      model: existsSync(path) ? path : null,
      command: commandOf(this.manifest, row.axes),
    };
  }

  /** The bytes of a cell's model file; undefined where it is not there. */
  async modelOf(cell: string): Promise<Buffer | undefined> {
    return this.rows.has(cell) ? readFile(modelPath(this.folder, cell)).catch(() => undefined) : undefined;
  }

  private get runState(): RunHead['state'] {
    if (this.work !== 'dead') return 'running';
    if (this.manifest && this.finished >= this.manifest.cells) return 'finished';
    if (this.state.failure !== null) return 'failed';
    return this.rows.size === 0 ? 'empty' : 'interrupted';
  }

  /** Whether the manifest is another than before. */
  private async readManifest(): Promise<boolean> {
    const path = join(this.folder, 'manifest.json');
    const { mtimeMs } = await stat(path);
    if (mtimeMs === this.manifestTime) return false;
    const text = await readFile(path, 'utf8');
    this.manifest = manifestSchema.parse(JSON.parse(text));
    this.manifestTime = mtimeMs;
    this.settings = settingsOf(this.manifest.experiment);
    return true;
  }

  /** Cells that are still to come. Another version may have called cells otherwise: then nobody can tell which are missing. */
  private addPlanned(changed: Set<Row>): void {
    const planned = this.plan();
    if ([...this.places.keys()].some(cell => !planned.has(cell))) return;
    for (const [cell, { axes }] of planned) {
      if (this.rows.has(cell)) continue;
      const row: Row = { cell, axes, state: 'waiting', metrics: {}, changed: 0 };
      this.rows.set(cell, row);
      changed.add(row);
    }
  }

  private async readCells(news: News, changed: Set<Row>): Promise<void> {
    // Where a run goes on meanwhile, a cell may be met in both, never in none.
    for (const name of ['trained', 'finished'] as const) {
      const file = this.cells[name];
      const { anew, found } = await file.look();
      // Cells that waited for their theory are no more once all have it.
      news.anew ||= anew && name === 'finished';
      for (const { digest, ...place } of found) {
        const known = this.places.get(digest.cell);
        if (known && known.file === this.cells.finished) continue;
        const row = this.rows.get(digest.cell) ?? {
          cell: digest.cell,
          axes: digest.axes,
          state: 'finished' as State,
          metrics: {},
          changed: 0,
        };
        row.state = digest.divergedAtStep === null ? 'finished' : 'diverged';
        row.metrics = metricsOf(digest);
        this.adapter = digest.adapter;
        this.rows.set(digest.cell, row);
        this.places.set(digest.cell, { ...place, file });
        this.state.drop(digest.cell);
        changed.add(row);
      }
    }
    this.finished = this.places.size;
  }

  private setStates(changed: Set<Row>): void {
    if (this.finished >= this.rows.size) return;
    const underway = new Set(this.state.underway);
    const now: State = this.work === 'dead' ? 'interrupted' : 'running';
    for (const row of this.rows.values()) {
      if (this.places.has(row.cell)) continue;
      const state: State = this.state.isLost(row.cell) ? 'failed' : underway.has(row.cell) ? now : 'waiting';
      if (row.state === state) continue;
      row.state = state;
      changed.add(row);
    }
  }

  /** Cells of the grid, none where the experiment is not one of this version. */
  private plan(): Map<string, Cell> {
    if (this.planned) return this.planned;
    this.planned = new Map();
    try {
      const all = recordedCells(this.manifest!, this.folder);
      const shard = this.manifest!.shard === undefined ? undefined : shardSchema.parse(this.manifest!.shard);
      for (const cell of shard ? shardOf(all, shard) : all) this.planned.set(cell.hash, cell);
    } catch {
      // Its finished cells are shown all the same.
    }
    return this.planned;
  }

  private forget(): void {
    this.rows.clear();
    this.places.clear();
    this.manifestTime = 0;
    this.planned = undefined;
    this.cells = followCells(this.folder);
    this.live = new FollowedLive(this.folder);
    this.state = new LiveState();
    this.finished = 0;
  }
}
