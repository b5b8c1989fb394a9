import type { Experiment } from '../config/experiment.ts';
      await train(run, options, events, { idle, totals, stage });
    } else if (run.took > 0) {
      await run.store.writeManifest(endedManifest(manifestOf(run, options.maker), run, totals));
    }
    await stage?.drain();
    const seconds = (performance.now() - began) / 1000;
    return { experiment, folder, plan, lines: linesOf(run), totals, seconds };
  } finally {
    await Promise.allSettled(idle.map(session => session.close()));
    await stage?.close();
    await run.close(begun);
  }
}

/** Cells of the plan that are trained, and whose theory nobody has tried. */
function untried({ plan, store }: OpenRun): Cell[] {
  const waiting = new Set(store.waiting.flatMap(({ cell, theoryError }) => (theoryError ? [] : [cell])));
  return plan.cells.filter(({ hash }) => waiting.has(hash));
}

/** What training a run takes and fills. */
interface Means {
  idle: Session[];
  totals: Totals;
  stage: TheoryStage | undefined;
}

async function train(
  run: OpenRun,
  { adapter, workers, maker, open, trace }: SweepOptions,
  events: SweepEvents,
  { idle, totals, stage }: Means,
): Promise<void> {
  const { plan, store, checkpoints } = run;
  const manifest = manifestOf(run, maker);
  await store.writeManifest(manifest);
  const cellOf = new Map(plan.cells.map(cell => [cell.hash, cell]));
  await trainPacks(
    plan.packs.map(({ pack }) => ({ pack, adapter, ...(trace ? { profile: true } : {}) })),
    {
      workers,
      open,
      onLog: events.say,
      engine: ENGINE_HASH,
      savedOf: checkpoints.take,
      onProgress: events.progress,
      onCheckpoints: states => checkpoints.save(states),
      async onFinished({ index, pack, trained, curves, seconds, session }) {
        totals.add(trained, session);
        if (trained.profile) trace?.add(`pack ${index + 1}`, pack.replicas.length, trained.profile);
        const { adapter } = trained;
        for (const [r, outcome] of trained.cells.entries()) {
          const cell = cellOf.get(outcome.cell)!;
          await keepCell(run, cell, { outcome, adapter, curve: curves[r]!, seconds: seconds[r]! }, stage);
        }
      },
    },
    idle,
  );
  await store.writeManifest(endedManifest(manifest, run, totals));
}
