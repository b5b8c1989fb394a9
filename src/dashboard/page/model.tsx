import { useEffect, useState } from 'preact/hooks';
import { encodingOf } from '../../model/encodings/registry.ts';
import { readModel } from '../../model/safetensors.ts';
import { numberText } from '../../report/names.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Model } from '../../shared/model-config.ts';
import type { Place } from './address.ts';
import { Facts, tableOf } from './cell.tsx';
import type { Looked } from './looked.ts';
import { AnswerView, type Asked } from './model/answer.tsx';
import { askEngine } from './model/engine.ts';
import { askReference } from './model/reference.ts';
import { Strip } from './model/strip.tsx';
import type { Store } from './store.ts';

/** Tokens that are taken: attention is T² a layer, and a table of prefixes has an end. */
const MOST_TOKENS = 512;
const FIRST_TOKENS = 24;

interface Loaded {
  name: string;
  model: Model;
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
  const put = (next: readonly number[]) => write(next.join(' '));
  const known = wrong === null && typeof tokens !== 'string' ? tokens : null;
  return (
    <>
      <Facts
        facts={{
          model: name,
          shape: `layers ${config.layers}, heads ${config.heads}, width ${config.width}, tokens ${config.vocabulary}, outputs ${config.outputs}`,
          attention: Object.entries(config.attention)
            .map(([key, value]) => `${key} ${typeof value === 'number' ? numberText(value) : (value ?? '∞')}`)
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
      {known && (
        <>
          <Strip tokens={known} vocabulary={config.vocabulary} most={most} onChange={put} />
          <p class="keys">
            <span>Draw tokens into the strip, by dragging or with the arrow keys; or</span>
            <button type="button" disabled={known.length < 2} onClick={() => put(known.slice(0, -1))}>
              take the last away
            </button>
            <button type="button" onClick={() => put(random(config.vocabulary, Math.min(most, 64)))}>
              {Math.min(most, 64)} at random
            </button>
          </p>
        </>
      )}
      {wrong && <p class="notice bad">{wrong}</p>}
      {!asked && !wrong && <p class="empty">Computing…</p>}
      {asked && !wrong && <AnswerView {...{ asked }} period={config.period} />}
    </>
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

function random(vocabulary: number, count: number): number[] {
  return Array.from({ length: count }, () => Math.floor(Math.random() * vocabulary));
}
