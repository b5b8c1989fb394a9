import { measureOf } from '../../analysis/accuracy.ts';
import { TRAINED } from '../../analysis/limited.ts';
import { labelOf, symbolOf, without } from '../../results/axes.ts';
import type { CellResult } from '../../results/schema.ts';
import { leastOf } from '../../shared/extremes.ts';
import { type PlateauFrame, plateauFrames, primaryKnob } from '../frames.ts';
import { numberText } from '../names.ts';
import { categorical } from '../theme.ts';
import { logDomain } from './draw.ts';
import {
  type Canvas,
  type Figure,
  type Key,
  MOST_PANELS,
  PANEL,
  type Panel,
  panelsLeft,
  symbolAt,
} from './figure.ts';
import { lossPanel, MOST_DOTS, seriesMarks } from './series.ts';

/** Dashes that tell lines apart where colour does not. */
const DASHES = [undefined, '6 3', '2 3', '8 3 2 3', '1 2'];
/** Neighbouring series are moved apart by this factor, so that their bars do not hide each other. */
const APART = 1.035;
/**
 * Training losses may lie this factor below the least plateau before they stand at the foot of the axis: a handful of strings is learned to
 * 1e-16.
 */
const DEPTH = 100;

/**
 * Plateau against training length, a line for each value of the first of `knobs` that varies, and beside it the training loss on the same
 * scale, so that optimisation and length are never confused. Undefined where fewer than two lengths were trained, or nothing has a loss.
 */
export function plateauCurves(
  canvas: Canvas,
  id: string,
  cells: readonly CellResult[],
  knobs: readonly string[],
): Figure | undefined {
  const measure = measureOf(cells);
  const frames = plateauFrames(cells);
  const lengths = [...new Set(frames.map(({ trainLength }) => trainLength))].sort((a, b) => a - b);
  const spreads = frames.flatMap(({ plateau, trainLoss }) => [plateau, trainLoss]);
  const values = spreads.flatMap(({ seeds }) => seeds);
  if (lengths.length < 2 || values.length === 0) return undefined;
  const least = leastOf(frames.flatMap(({ plateau }) => plateau.seeds));
  const foot = Number.isFinite(least) ? least / DEPTH : 0;
  const domain = logDomain(
    values.map(value => Math.max(value, foot)),
    spreads.flatMap(({ interval }) => interval ?? []),
  );
  const knob = primaryKnob(cells, knobs);
  const steps = knob ? [...new Set(frames.map(({ axes }) => axes[knob]))] : [null];
  const keys: Key[] = steps.map((value, i) => ({
    label: knob ? String(value) : 'all cells',
    colour: categorical(i),
    symbol: symbolAt(i),
    ...(DASHES[i % DASHES.length] ? { dash: DASHES[i % DASHES.length]! } : {}),
  }));
  const others = new Map<string, PlateauFrame[]>();
  for (const frame of frames) {
    const rest = labelOf(knob ? without(frame.axes, knob) : frame.axes);
    others.set(rest, [...(others.get(rest) ?? []), frame]);
  }
  const panel = (title: string, own: PlateauFrame[], pick: 'plateau' | 'trainLoss'): Panel => {
    const lines = keys.map((key, i) => ({
      key,
      points: own
        .filter(({ axes }) => !knob || axes[knob] === steps[i])
        .map(frame => ({
          x: frame.trainLength * APART ** (i - (keys.length - 1) / 2),
          trainLength: frame.trainLength,
          spread: frame[pick],
          isHollow: pick === 'plateau' && frame.isLimited,
        })),
    }));
    return {
      title,
      height: PANEL.height,
      alt: `${title}: ${lines
        .map(({ key, points }) => {
          const own = points.map(
            ({ trainLength, spread, isHollow }) =>
              `${numberText(spread.mean, 2)} at N = ${trainLength}${isHollow ? ' (limited by training)' : ''}`,
          );
          return `${knob ? `${symbolOf(knob)} = ${key.label}: ` : ''}${own.join(', ')}`;
        })
        .join('; ')}.`,
      svg: lossPanel(
        canvas,
        domain,
        lengths,
        'training length N',
        lines.flatMap(({ key, points }) => seriesMarks(canvas, points, key, domain, 'bars')),
        pick === 'plateau' ? measure : 'loss',
      ),
    };
  };
  const rows = [...others].slice(0, MOST_PANELS / 2);
  return {
    id,
    title: 'Plateau against training length',
    caption: `Left: the plateau, the ${measure} that is left on long sequences. Right: the loss on sequences like those trained on, on the same scale. Where ${measure === 'loss' ? 'both are equally high' : 'the loss is high'}, training was the limit; where only the plateau is, the training length was.${frames.some(({ isLimited }) => isLimited) ? ` Rings: limited by training, whose loss is above ${TRAINED} of the plateau.` : ''} Lines: geometric mean over seeds; bars: 95 % interval of that mean, spread pooled over training lengths; dots: single seeds, at most ${MOST_DOTS} of each.${values.some(value => value < foot) ? ' Training losses below the axis stand at its foot.' : ''}${panelsLeft(rows.length, others.size)}`,
    legend: knob ? { kind: 'keys', title: symbolOf(knob), keys } : undefined,
    panels: rows.flatMap(([rest, own]) => {
      const suffix = rest ? `, ${rest}` : '';
      return [panel(`Plateau${suffix}`, own, 'plateau'), panel(`Training loss${suffix}`, own, 'trainLoss')];
    }),
  };
}
