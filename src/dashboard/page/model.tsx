import { useEffect, useState } from 'preact/hooks';
import { encodingOf } from '../../model/encodings/registry.ts';
import { readModel } from '../../model/safetensors.ts';
import { numberText } from '../../report/names.ts';
import { inkOn, viridis } from '../../report/theme.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Model } from '../../shared/model-config.ts';
import type { Place } from './address.ts';
import { Facts, tableOf } from './cell.tsx';
import { Save } from './figure.tsx';
import type { Looked } from './looked.ts';
import type { Reference } from './model/answers.ts';
import { askEngine, type Computed } from './model/engine.ts';
import { askReference } from './model/reference.ts';
import { Scroll } from './scroll.tsx';
import type { Store } from './store.ts';

/** Tokens that are taken: attention is T² a layer, and a table of prefixes has an end. */
const MOST_TOKENS = 512;
const FIRST_TOKENS = 24;

interface Loaded {
  name: string;
  model: Model;
}

/** What came of asking the model, or why nothing did. */
interface Asked {
  tokens: number[];
  computed: Computed | null;
  /** Why the device did not compute it. */
  without: string | null;
  reference: Reference | null;
  problem: string | null;
}

/** A model that is asked: tokens in, f(x), f of every prefix and attention out. */
export function ModelView({ looked, place, store }: { looked: Looked; place: Place; store: Store }) {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [problem, setProblem] = useState('');
  const cell = place.get('cell');
  const run = tableOf(store, looked, place)?.head.id;
  const take = (bytes: Uint8Array, name: string) => {
    try {
      setLoaded({ name, model: readModel(bytes, name) });
      setProblem('');
    } catch (error) {
      setLoaded(null);
      setProblem(messageOf(error));
    }
  };
  useEffect(() => {
    let isLate = false;
    setLoaded(null);
    if (cell !== '' && run)
      void store.source.model(run, cell).then(bytes => {
        if (isLate) return;
        if (bytes) take(bytes, `${cell}.safetensors`);
        else
          setProblem(
            store.source.isFrozen
              ? 'An export holds no weights: drop the file here.'
              : `${cell}: its weights are not there.`,
          );
      });
    return () => {
      isLate = true;
    };
  }, [cell, run]);
  const drop = async (file: File | undefined) => {
    if (file) take(new Uint8Array(await file.arrayBuffer()), file.name);
  };
  return (
    <div
      role="group"
      aria-label="A model that is asked"
      onDragOver={event => event.preventDefault()}
      onDrop={event => {
        event.preventDefault();
        void drop(event.dataTransfer?.files[0]);
      }}
    >
      <h2>Ask a model</h2>
      <p class="drop">
        <label>
          Drop a .safetensors file here, or choose one{' '}
          <input
            type="file"
            accept=".safetensors"
            onChange={event => void drop(event.currentTarget.files?.[0])}
          />
        </label>{' '}
        <span>
          or take a cell from the table of <a href={place.link({}, 'runs')}>runs</a>.
        </span>
      </p>
      {problem && <p class="notice bad">{problem}</p>}
      {loaded && <Conversation {...{ loaded, place }} />}
    </div>
  );
}

function Conversation({ loaded: { name, model }, place }: { loaded: Loaded; place: Place }) {
  const { config } = model;
  const most = Math.min(MOST_TOKENS, encodingOf(config.attention).longest(config));
  const text = place.get('tokens') || firstTokens(config.vocabulary, Math.min(most, FIRST_TOKENS));
  const tokens = tokensIn(text, config.vocabulary);
  const wrong =
    typeof tokens === 'string'
      ? tokens
      : tokens.length > most
        ? `at most ${most} tokens, here are ${tokens.length}`
        : null;
  const [asked, setAsked] = useState<Asked | null>(null);
  useEffect(() => {
    if (wrong !== null || typeof tokens === 'string' || tokens.length === 0) return;
    let isLate = false;
    void ask(model, tokens).then(answer => isLate || setAsked(answer));
    return () => {
      isLate = true;
    };
  }, [model, text]);
  const write = (next: string) => place.set({ tokens: next });
  return (
    <>
      <Facts
        facts={{
          model: name,
          shape: `layers ${config.layers}, heads ${config.heads}, width ${config.width}, tokens ${config.vocabulary}, outputs ${config.outputs}`,
          attention: Object.entries(config.attention)
            .map(([key, value]) => `${key} ${value ?? '∞'}`)
            .join(', '),
        }}
      />
      <label class="tokens">
        Tokens, from 0 to {config.vocabulary - 1}
        <textarea
          rows={2}
          value={text}
          spellcheck={false}
          onInput={event => write(event.currentTarget.value)}
        />
      </label>
      <p class="keys">
        {Array.from({ length: Math.min(config.vocabulary, 16) }, (_, token) => (
          <button type="button" key={token} onClick={() => write(`${text.trim()} ${token}`)}>
            {token}
          </button>
        ))}
        <button
          type="button"
          onClick={() =>
            write(
              text
                .trim()
                .split(/[\s,]+/)
                .slice(0, -1)
                .join(' '),
            )
          }
        >
          take the last away
        </button>
        <button type="button" onClick={() => write(drawn(config.vocabulary, Math.min(most, 64)))}>
          draw {Math.min(most, 64)} at random
        </button>
      </p>
      {wrong && <p class="notice bad">{wrong}</p>}
      {!asked && !wrong && <p class="empty">Computing…</p>}
      {asked && !wrong && <AnswerView {...{ asked }} period={config.period} />}
    </>
  );
}

function AnswerView({
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
      <Save
        name="model-answers"
        rows={() => [
          [
            'position',
            'token',
            ...outputs[0]!.map((_, o) => `f ${o}`),
            ...heads.map(head => `attention ${head.name}`),
          ],
          ...outputs.map((row, i) => [i + 1, tokens[i]!, ...row, ...heads.map(({ weights }) => weights[i]!)]),
        ]}
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

async function ask(model: Model, tokens: number[]): Promise<Asked> {
  const [device, exact] = await Promise.allSettled([askEngine(model, tokens), askReference(model, tokens)]);
  return {
    tokens,
    computed: device.status === 'fulfilled' ? device.value : null,
    without: device.status === 'rejected' ? messageOf(device.reason) : null,
    reference: exact.status === 'fulfilled' ? exact.value : null,
    problem: exact.status === 'rejected' ? messageOf(exact.reason) : null,
  };
}

function mostApart(a: readonly (readonly (number | null)[])[], b: readonly (readonly number[])[]): number {
  return a.reduce(
    (most, row, i) =>
      row.reduce<number>((own, value, o) => Math.max(own, Math.abs((value ?? NaN) - b[i]![o]!)), most),
    0,
  );
}

/** Tokens of a text, separated by anything; without separators each digit is one. In words what is wrong. */
function tokensIn(text: string, vocabulary: number): number[] | string {
  const words =
    /^\d+$/.test(text.trim()) && vocabulary <= 10
      ? [...text.trim()]
      : text.split(/[\s,;[\]]+/).filter(word => word !== '');
  const bad = words.find(word => !/^\d+$/.test(word) || Number(word) >= vocabulary);
  return bad === undefined ? words.map(Number) : `${bad} is no token: they go from 0 to ${vocabulary - 1}`;
}

function firstTokens(vocabulary: number, count: number): string {
  return Array.from({ length: count }, (_, i) => (i * i + (i >> 1)) % vocabulary).join(' ');
}

function drawn(vocabulary: number, count: number): string {
  return Array.from({ length: count }, () => Math.floor(Math.random() * vocabulary)).join(' ');
}
