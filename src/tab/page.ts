import progress from '../report/progress.css?raw';
import { DARK, LIGHT, themeCss } from '../report/theme.ts';
import { Pace } from './pace.ts';
import type { Status } from './status.ts';
import style from './style.css?raw';
import { wordsOf } from './words.ts';

/** Milliseconds until the next try after the connection was lost: longer each time, and the last from then on. */
const RETRY_MS = [200, 1000, 2000, 5000];

const sheet = new CSSStyleSheet();
sheet.replaceSync(
  `:root{${themeCss(LIGHT)}}@media (prefers-color-scheme:dark){:root{${themeCss(DARK)}}}${progress}${style}`,
);
document.adoptedStyleSheets = [sheet];

const element = <K extends keyof HTMLElementTagNameMap>(tag: K, className = '') =>
  Object.assign(document.createElement(tag), { className });
const [main, brand, heading, text] = [element('main'), element('p', 'brand'), element('h1'), element('p')];
const [bar, facts, note] = [element('progress'), element('dl'), element('p', 'note')];
brand.textContent = 'lengthwise';
heading.ariaLive = 'polite';
bar.setAttribute('aria-label', 'of this pack');
main.append(brand, heading, text, bar, note, facts);
document.body.append(main);

const pace = new Pace();
let work = '';
let tries = 0;

/** Shows what the tab is and does. */
function show(status: Status): void {
  main.dataset.state = status.state;
  const words = wordsOf(status);
  heading.textContent = words.heading;
  text.textContent = words.text;
  facts.replaceChildren(
    ...words.facts.flatMap(([name, value]) => [
      Object.assign(element('dt'), { textContent: name }),
      Object.assign(element('dd'), { textContent: value }),
    ]),
  );
  bar.hidden = status.work === null;
  if (status.work) {
    bar.max = status.work.total;
    bar.value = status.work.done;
  }
  tellOfPace(status);
  const share = status.work ? `${Math.floor((100 * status.work.done) / status.work.total)} % · ` : '';
  const slowed = note.hidden ? '' : 'slowed · ';
  document.title = `${slowed}${share}${status.run ?? 'lengthwise'}`;
}

/** Says whether the browser slows this tab while it is in the background. */
function tellOfPace({ work: now }: Status): void {
  const name = now ? `${now.task} ${now.cells} ${now.lengths}` : work;
  if (name !== work) pace.reset();
  work = name;
  if (now?.phase === 'train' && now.sequencesPerSecond !== null)
    pace.take(now.sequencesPerSecond, document.hidden);
  const share = pace.slowedTo;
  note.hidden = share === undefined;
  if (share !== undefined)
    note.textContent = `In the background this tab computes at ${Math.round(100 * share)} % of its rate: the browser slows it there. Keep it in front, or in a window of its own.`;
}

/** Starts an engine, and a fresh one whenever the connection is lost: what a run gave up on is not used again. */
function start(waitMs: number): void {
  const worker = new Worker(`tab-worker.js#${waitMs}`, { type: 'module' });
  const again = () => {
    worker.terminate();
    start(RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]!);
  };
  worker.onmessage = ({ data }: MessageEvent<Status>) => {
    if (data.state !== 'connecting' || tries === 0) show(data);
    if (data.state === 'lost') again();
    else if (data.state === 'ended') worker.terminate();
    else if (data.state !== 'connecting') tries = 0;
  };
  // Its script did not load: whoever served it is gone.
  worker.onerror = again;
}

start(0);
