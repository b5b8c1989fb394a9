import '../../engine/no-eval.ts';
import 'uplot/dist/uPlot.min.css';
import '../../report/figures/figure.css';
import '../../report/progress.css';
import './style.css';
import { render } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type Place, useAddress, VIEWS, type View } from './address.ts';
import { CellView } from './cell.tsx';
import { CurvesControls, CurvesView } from './curves.tsx';
import { type Looked, lookedAt } from './looked.ts';
import { ModelView } from './model.tsx';
import { RunsControls, RunsView } from './runs.tsx';
import { Store, useStore } from './store.ts';
import { SweepControls, SweepView } from './sweep.tsx';
import { TheoryView } from './theory.tsx';

const NAMES: Record<View, string> = {
  sweep: 'Sweep',
  curves: 'Curves',
  runs: 'Runs',
  cell: 'Cell',
  model: 'Model',
  theory: 'Theory',
};

const LINKS = {
  loading: 'reading…',
  live: '● live',
  lost: '○ no answer from the server',
  frozen: 'an export: it does not change',
  refused: 'nothing could be read',
};

function App({ store }: { store: Store }) {
  const version = useStore(store);
  const place = useAddress();
  const query = useRef<HTMLInputElement>(null);
  const looked = useMemo(() => lookedAt(store, place), [version, place.get('q'), place.get('run')]);
  useEffect(() => {
    const hear = (event: KeyboardEvent) => onKey(event, place, query.current);
    document.addEventListener('keydown', hear);
    return () => document.removeEventListener('keydown', hear);
  });
  const views = {
    sweep: <SweepView {...{ looked, place, store }} />,
    curves: <CurvesView {...{ looked, place, store }} />,
    runs: <RunsView {...{ looked, place }} />,
    cell: <CellView {...{ looked, place, store }} />,
    model: <ModelView {...{ looked, place, store }} />,
    theory: <TheoryView {...{ looked, store }} />,
  };
  return (
    <div class="page">
      <button type="button" class="skip" onClick={() => document.getElementById('figure')?.focus()}>
        To the figure
      </button>
      <header class="controls">
        <h1>lengthwise</h1>
        <nav aria-label="Views">
          {VIEWS.map((view, i) => (
            <a key={view} href={place.link({}, view)} aria-current={view === place.view ? 'page' : undefined}>
              {NAMES[view]} <kbd aria-hidden="true">{i + 1}</kbd>
            </a>
          ))}
        </nav>
        <Filter {...{ place, looked, query }} />
        {place.view === 'sweep' && <SweepControls {...{ looked, place }} />}
        {place.view === 'curves' && <CurvesControls {...{ place }} />}
        {place.view === 'runs' && <RunsControls {...{ looked, place }} />}
        <RunPicker {...{ place, store }} />
        <Theme />
        <p class="hint" role="status" data-link={store.link}>
          {LINKS[store.link]}
        </p>
      </header>
      <main id="figure" tabIndex={-1}>
        {store.link === 'refused' ? (
          <p class="notice bad">{store.problem}. Is the server still running, and the link whole?</p>
        ) : store.link === 'loading' ? (
          <p class="empty">Reading results…</p>
        ) : store.runs.length === 0 ? (
          <p class="empty">There is no run here yet. As soon as one begins, it is shown.</p>
        ) : (
          views[place.view]
        )}
      </main>
    </div>
  );
}

interface FilterProps {
  place: Place;
  looked: Looked;
  query: { current: HTMLInputElement | null };
}

function Filter({ place, looked, query }: FilterProps) {
  return (
    <div class="filter">
      <label>
        Filter
        <input
          ref={query}
          type="search"
          placeholder="omega=8 N>=16"
          title="For example omega=8 N>=16 plateau<1e-3 state=finished"
          spellcheck={false}
          autocomplete="off"
          value={place.get('q')}
          aria-describedby="filter-says"
          aria-invalid={looked.problem !== null}
          onInput={event => place.set({ q: event.currentTarget.value })}
        />
      </label>
      <p id="filter-says" class={looked.problem ? 'hint bad' : 'hint'} role="status">
        {looked.problem ?? `${looked.cells.toLocaleString('en')} cells`}
      </p>
    </div>
  );
}

/** Where the controls stand beside the figure, and not above it. */
const WIDE = '(min-width: 52rem)';

/** Runs to look at: all, or some of them. */
function RunPicker({ place, store }: { place: Place; store: Store }) {
  if (store.runs.length < 2) return null;
  const named = place.list('run');
  const toggle = (id: string) => {
    const next = named.includes(id) ? named.filter(own => own !== id) : [...named, id];
    place.set({ run: next.join(',') || null });
  };
  return (
    <details class="runs" open={store.runs.length <= 8 && matchMedia(WIDE).matches}>
      <summary>
        Runs: {named.length === 0 ? `all ${store.runs.length}` : `${named.length} of ${store.runs.length}`}
      </summary>
      {store.runs.map(({ head }) => (
        <label class="check" key={head.id}>
          <input type="checkbox" checked={named.includes(head.id)} onChange={() => toggle(head.id)} />
          {head.name} <small>{head.run}</small>
        </label>
      ))}
    </details>
  );
}

/** Where the browser keeps the theme; some keep nothing. */
const THEME = 'lengthwise-theme';

function Theme() {
  const [theme, setTheme] = useState(() => stored());
  useEffect(() => {
    if (theme === '') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem(THEME, theme);
    } catch {
      // It lasts as long as the page.
    }
    document.dispatchEvent(new Event(THEME));
  }, [theme]);
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const hear = () => document.dispatchEvent(new Event(THEME));
    dark.addEventListener('change', hear);
    return () => dark.removeEventListener('change', hear);
  }, []);
  return (
    <label>
      Theme
      <select value={theme} onChange={event => setTheme(event.currentTarget.value)}>
        <option value="">as the system</option>
        <option value="light">light</option>
        <option value="dark">dark</option>
      </select>
    </label>
  );
}

function stored(): string {
  try {
    const theme = localStorage.getItem(THEME) ?? '';
    return ['light', 'dark'].includes(theme) ? theme : '';
  } catch {
    return '';
  }
}

/** `/` goes to the filter, digits to the views. */
function onKey(event: KeyboardEvent, place: Place, query: HTMLInputElement | null): void {
  const { key, target, ctrlKey, metaKey, altKey } = event;
  const isTyped = target instanceof HTMLElement && /^(input|textarea|select)$/i.test(target.tagName);
  if (isTyped || ctrlKey || metaKey || altKey) return;
  const view = /^[1-6]$/.test(key) ? VIEWS[Number(key) - 1] : undefined;
  if (view) place.go({}, view);
  else if (key === '/') {
    event.preventDefault();
    query?.focus();
  }
}

const store = new Store();
const app = document.getElementById('app')!;
app.replaceChildren();
render(<App store={store} />, app);
void store.open();
