import type { Status, Work } from './status.ts';

/** What the page says, whatever it looks like. */
export interface Words {
  heading: string;
  /** One or two sentences below it. */
  text: string;
  /** What stands beside each name. */
  facts: [name: string, value: string][];
}

/** Where WebGPU is, in general: what a refused browser can do about it. */
export const WEBGPU_HELP =
  'WebGPU is in Chrome and Edge from version 113 (on Linux: chrome://flags/#enable-unsafe-webgpu), in Safari from 26 and in Firefox from 141; and only for pages of this machine (localhost, or a tunnel to it) or with https.';

/** What there is to say of a tab. */
export function wordsOf(status: Status): Words {
  const run = status.run ?? 'the run';
  const facts: Words['facts'] = [];
  if (status.work) facts.push(...workFacts(status.work));
  if (status.adapter) facts.push(['adapter', status.adapter]);
  facts.push(['browser', status.browser]);
  if (status.cells > 0) facts.push(['trained here', cellsText(status.cells)]);
  return { ...sentences(status, run), facts };
}

function sentences({ state, work, why }: Status, run: string): Pick<Words, 'heading' | 'text'> {
  switch (state) {
    case 'connecting':
      return { heading: 'Looking for the run', text: 'This takes a moment.' };
    case 'engine':
      return {
        heading: `This tab computes ${run}`,
        text: work
          ? 'Leave it open: it goes on in the background. Close it to take your GPU back; the run then goes on from its last checkpoint in the next tab.'
          : 'Nothing to do at the moment: the next work comes by itself.',
      };
    case 'spare':
      return {
        heading: `Another tab computes ${run}`,
        text: 'This one waits, and takes over when that one is closed.',
      };
    case 'refused':
      return {
        heading: `This tab cannot compute ${run}`,
        text: `${sentence(why ?? 'the run refused it')} ${WEBGPU_HELP}`,
      };
    case 'lost':
      return {
        heading: `No connection to ${run}`,
        text: 'It may have ended, or the network or the tunnel is gone. Trying again.',
      };
    case 'ended':
      return { heading: `The end of ${run}`, text: 'Nothing more is to be done. You can close this tab.' };
  }
}

function workFacts({ cells, task, lengths, phase, done, total, ...work }: Work): Words['facts'] {
  const [least, most] = lengths;
  const facts: Words['facts'] = [
    [
      'pack',
      `${cellsText(cells)} of ${task}, N = ${least === most ? least : `${least}\u00a0…\u00a0${most}`}`,
    ],
    [
      phase === 'train' ? 'training step' : 'testing, part',
      `${done.toLocaleString('en')} of ${total.toLocaleString('en')}`,
    ],
  ];
  if (phase === 'train' && work.sequencesPerSecond !== null)
    facts.push(['rate', `${Math.round(work.sequencesPerSecond).toLocaleString('en')} sequences/s`]);
  if (work.loss !== null) facts.push(['training loss', `${work.loss.toExponential(2)}, median`]);
  if (work.secondsLeft !== null) facts.push(['left', `about ${durationText(work.secondsLeft)}`]);
  return facts;
}

function sentence(clause: string): string {
  return `${clause[0]?.toUpperCase() ?? ''}${clause.slice(1)}.`;
}

function cellsText(cells: number): string {
  return `${cells.toLocaleString('en')} ${cells === 1 ? 'cell' : 'cells'}`;
}

/** A duration to two digits: `40 s`, `12 min`, `3.5 h`. */
export function durationText(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  const minutes = seconds / 60;
  if (minutes < 100) return `${Math.round(minutes)} min`;
  return `${(minutes / 60).toPrecision(2)} h`;
}
