import { parentPort } from 'node:worker_threads';
import { messageOf } from '../shared/errors.ts';
import { type TheoryTask, theoryOfCell } from './cell-theory.ts';
import type { TheoryAnswer } from './theory-threads.ts';

/** A thread that computes theory, a cell at a time. */
parentPort!.on('message', (task: TheoryTask) => {
  theoryOfCell(task).then(
    theory => answer({ theory }),
    error => answer({ failed: messageOf(error) }),
  );
});

function answer(message: TheoryAnswer): void {
  parentPort!.postMessage(message);
}
