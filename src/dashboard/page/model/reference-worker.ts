import { referenceForward } from '../../../reference/forward.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Answer, Question, Reference } from './answers.ts';

/* The float64 reference, in a thread of its own: it takes T² steps a layer. */

self.addEventListener('message', ({ data }: MessageEvent<Question>) => {
  const { id } = data;
  let answer: Answer;
  try {
    answer = { id, reference: compute(data) };
  } catch (error) {
    answer = { id, problem: messageOf(error) };
  }
  self.postMessage(answer);
});

function compute({ model, tokens }: Question): Reference {
  const { outputs, layers } = referenceForward(model, tokens);
  return {
    outputs: outputs.map(row => [...row]),
    attention: layers.map(({ attention }) => attention.map(head => [...head.at(-1)!])),
  };
}
