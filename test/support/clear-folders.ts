import { afterAll } from 'vitest';
import { clearFolders } from './cli.ts';

// Run before every file of tests, also before those that share a worker's modules: what `cli.ts` says of itself happens there only once.
afterAll(clearFolders);
