import '../engine/no-eval.ts';
import { benchRequestSchema } from './protocol.ts';
import { Bench } from './serve.ts';

const bench = new Bench(navigator.gpu);

/** What bench/page-client.ts calls: JSON in, JSON out. */
async function ask(requestJson: string): Promise<string> {
  return JSON.stringify(await bench.answer(benchRequestSchema.parse(JSON.parse(requestJson))));
}

Object.assign(window, { lengthwiseBench: { ask } });
