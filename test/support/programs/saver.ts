import { Store } from '../../../src/results/store.ts';
import { diskWith } from '../disk.ts';
import { bareCell, curveOf, THEORY } from '../stored.ts';

/**
 * Saves cells into a run's folder: `saver <folder> <calls>` saves aa, then bb in two steps, and dies at the given place: 2k is before,
 * 2k + 1 after the k-th system call of saving bb. `saver <folder> many` saves until it cannot, and prints how many it saved, and why no
 * more.
 */
const [folder, how] = process.argv.slice(2) as [string, string];
let calls = Number.NEGATIVE_INFINITY;
const die = (place: number) => {
  if (place === Number(how)) process.kill(process.pid, 'SIGKILL');
};
const disk = diskWith(async (_, make) => {
  const own = calls++;
  die(2 * own);
  const done = await make();
  die(2 * own + 1);
  return done;
});
const store = await Store.open(folder, { fresh: false, onTorn: () => {}, disk });

if (how === 'many') {
  let saved = 0;
  try {
    for (; ; saved++) await store.add(bareCell(`cell${saved}`, { theory: null }), curveOf(`cell${saved}`));
  } catch (error) {
    process.stdout.write(JSON.stringify({ saved, says: (error as Error).message }));
  }
} else {
  await store.add(bareCell('aa', { theory: null }), curveOf('aa'));
  calls = 0;
  await store.add(bareCell('bb'), curveOf('bb'));
  await store.addTheory('bb', THEORY);
  calls = Number.NEGATIVE_INFINITY;
}
await store.close();
