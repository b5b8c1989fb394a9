import { numberText } from '../../../report/names.ts';
import { inkOn, viridis } from '../../../report/theme.ts';
import { canvas, FigureView, type Rows } from '../figure.tsx';
import { Scroll } from '../scroll.tsx';
import { attentionFigure, prefixFigure } from './answer-figures.ts';
import type { Reference } from './answers.ts';
import type { Computed } from './engine.ts';

/** Pixels that figures are drawn for: as many as the page has, so that their texts are of its size. */
const [LEAST_WIDTH, MOST_WIDTH] = [340, 1600];

/** What came of asking the model, or why nothing did. */
export interface Asked {
  tokens: number[];
  computed: Computed | null;
  /** Why the device did not compute it. */
  without: string | null;
  reference: Reference | null;
  problem: string | null;
}

/** What a model said: f(x), f of every prefix, and attention. */
export function AnswerView({
  asked: { tokens, computed, without, reference, problem },
  period,
}: {
  asked: Asked;
  period: number;
}) {
  const outputs = computed?.outputs ?? reference?.outputs;
  if (!outputs) return <p class="notice bad">{problem ?? 'The model gave no answer.'}</p>;
  const heads = (reference?.attention ?? []).flatMap((layer, l) =>
    layer.map((weights, h) => ({ name: `layer ${l + 1}, head ${h + 1}`, weights })),
  );
  const difference = computed && reference ? mostApart(computed.outputs, reference.outputs) : null;
  const width = Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, document.getElementById('figure')!.clientWidth));
  const rows = (): Rows => [
    [
      'position',
      'token',
      ...outputs[0]!.map((_, o) => `f ${o}`),
      ...heads.map(head => `attention ${head.name}`),
    ],
    ...outputs.map((row, i) => [i + 1, tokens[i]!, ...row, ...heads.map(({ weights }) => weights[i]!)]),
  ];
  return (
    <>
      <p class="answer" aria-live="polite">
        f(x) ={' '}
        {outputs
          .at(-1)!
          .map(value => numberText(value, 5))
          .join(', ')}
      </p>
      <p class="note" data-computed={computed ? 'webgpu' : 'reference'}>
        {computed
          ? `Computed on WebGPU in this browser, by the engine that trains: ${computed.adapter}.`
          : `Computed by the float64 reference in a worker, because ${without}.`}
        {difference !== null && ` The float64 reference differs by at most ${numberText(difference, 2)}.`}
        {reference && ' Attention is the float64 reference’s.'}
      </p>
      <FigureView figure={prefixFigure(canvas, outputs, width)} rows={rows} empty="" large />
      <FigureView
        figure={attentionFigure(canvas, heads, width)}
        rows={rows}
        empty={`No attention: ${problem ?? 'the reference gave no answer'}.`}
        large
      />
      <Scroll label="Prefixes" tall>
        <table class="prefixes">
          <caption>
            f of every prefix, and how the last position attends to each
            {period > 1 && `; positions are told apart mod ${period}`}
          </caption>
          <thead>
            <tr>
              <th scope="col" class="number">
                position
              </th>
              <th scope="col" class="number">
                token
              </th>
              {outputs[0]!.map((_, o) => (
                <th key={o} scope="col" class="number">
                  f{outputs[0]!.length > 1 && ` ${o}`} of the prefix
                </th>
              ))}
              {heads.map(({ name }) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {outputs.map((row, i) => (
              <tr key={i}>
                <th scope="row" class="number">
                  {i + 1}
                </th>
                <td class="number">{tokens[i]}</td>
                {row.map((value, o) => (
                  <td key={o} class="number">
                    {value === null ? 'not finite' : numberText(value, 5)}
                  </td>
                ))}
                {heads.map(({ name, weights }) => (
                  <Weight key={name} weight={weights[i]!} most={Math.max(...weights)} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}

/** A weight as a number on a colour; the largest of the head is the lightest. */
function Weight({ weight, most }: { weight: number; most: number }) {
  const at = weight / Math.max(most, Number.MIN_VALUE);
  return (
    <td class="number" style={{ background: viridis(at), color: inkOn(at) }}>
      {weight.toFixed(3)}
    </td>
  );
}

function mostApart(a: readonly (readonly (number | null)[])[], b: readonly (readonly number[])[]): number {
  return a.reduce(
    (most, row, i) =>
      row.reduce<number>((own, value, o) => Math.max(own, Math.abs((value ?? NaN) - b[i]![o]!)), most),
    0,
  );
}
