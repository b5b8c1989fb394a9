import { lockFolder } from '../../../src/results/lock.ts';

/** Takes a lock, or lets go of it, when told: `{ take: path }` is answered with whether it got it, `{ release: true }` with true. */
let release: (() => Promise<void>) | undefined;

process.on('message', async ({ take }: { take?: string }) => {
  if (take === undefined) {
    await release?.();
    release = undefined;
    process.send!(true);
    return;
  }
  try {
    release = await lockFolder(take);
    process.send!(true);
  } catch (error) {
    process.send!((error as Error).message);
  }
});
process.on('disconnect', () => process.exit());
