import type { Model } from '../../../shared/model-config.ts';
import type { Answer, Question, Reference } from './answers.ts';

let worker: Worker | undefined;
let asked = 0;

/** The float64 reference's answer. @throws Error in words where the browser starts no worker, or the model cannot be computed */
export function askReference(model: Model, tokens: number[]): Promise<Reference> {
  const id = ++asked;
  return new Promise((resolve, reject) => {
    try {
      worker ??= new Worker('reference.js');
    } catch {
      // Browsers start none for a page that lies on a disk.
      reject(
        new Error('this browser starts no worker for a page that was opened from a disk; serve its folder'),
      );
      return;
    }
    const own = worker;
    const done = () => {
      own.removeEventListener('message', hear);
      own.removeEventListener('error', fail);
    };
    const hear = ({ data }: MessageEvent<Answer>) => {
      if (data.id !== id) return;
      done();
      if ('problem' in data) reject(new Error(data.problem));
      else resolve(data.reference);
    };
    const fail = () => {
      done();
      worker = undefined;
      reject(new Error('the worker of the float64 reference did not start'));
    };
    own.addEventListener('message', hear);
    own.addEventListener('error', fail);
    own.postMessage({ id, model, tokens } satisfies Question);
  });
}
