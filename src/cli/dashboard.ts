import type { Redis } from 'ioredis';
import { exportDashboard } from '../dashboard/server/export.ts';
import { Library } from '../dashboard/server/library.ts';
import { watchQueue } from '../dashboard/server/queue-watch.ts';
import { serveDashboard } from '../dashboard/server/serve.ts';
import { runFolders } from '../results/runs.ts';
import { onStop } from '../runtime/stopping.ts';
import { InputError } from '../shared/errors.ts';
import { builtFolder } from './options.ts';
import { log, print, printJson } from './output.ts';

export interface DashboardCommandOptions {
  host?: string;
  port: number;
  /** A queue whose workers are shown. */
  queue?: string;
  /** Where a static copy goes, instead of serving. */
  export?: string;
  json: boolean;
}

/** Where results are unless folders are named. */
const RESULTS = 'results';

/** `lengthwise dashboard`: the live page over folders of results, until it is told to stop; with `--export` a copy that does not change. */
export async function dashboard(folders: string[], options: DashboardCommandOptions): Promise<void> {
  // A folder that is mistyped would show nothing, for ever.
  for (const folder of folders) await runFolders(folder);
  const roots = folders.length > 0 ? folders : [RESULTS];
  if (options.export !== undefined) return exported(roots, options.export, options.json);
  const { url } = await watchResults(roots, options);
  if (options.json) printJson({ url });
  else print(`Dashboard: ${url}\nCtrl-C ends it; runs go on.`);
  await new Promise(() => {});
}

/** Serves the page over folders beside whatever this process does. Ends with the process, or when it is closed. */
export async function watchResults(
  roots: readonly string[],
  { host, port, queue }: Pick<DashboardCommandOptions, 'host' | 'port' | 'queue'>,
): Promise<{ url: string; close(): Promise<void> }> {
  const library = new Library(roots);
  const served = await serveDashboard(library, { host, port, built: builtFolder() });
  await library.open();
  const redis = queue === undefined ? undefined : await connected(queue);
  const unwatch = redis && watchQueue(redis, library);
  const close = async () => {
    takeBack();
    unwatch?.();
    redis?.disconnect();
    library.close();
    await served.close();
  };
  const takeBack = onStop('release', async () => {
    await close();
    return undefined;
  });
  return { url: served.url, close };
}

async function connected(queue: string): Promise<Redis> {
  const [{ addressOf }, { connectRedis }] = await Promise.all([
    import('../queue/address.ts'),
    import('../queue/connection.ts'),
  ]);
  return connectRedis(addressOf(queue), log);
}

async function exported(roots: readonly string[], folder: string, json: boolean): Promise<void> {
  const library = new Library(roots);
  try {
    await library.open();
    if (library.all.length === 0)
      throw new InputError(
        `${roots.join(', ')}: no run in it (no manifest.json)`,
        'Give a folder that `lengthwise run` has written, or one that holds several.',
      );
    const { files, bytes } = await exportDashboard(library, folder, builtFolder());
    if (json) printJson({ files, bytes });
    else print(`Dashboard: ${files[0]} (${(bytes / 1e6).toFixed(1)} MB in ${files.length} files)`);
  } finally {
    library.close();
  }
}
