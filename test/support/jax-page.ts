import '../../src/engine/no-eval.ts';
import type { Queries } from '../../src/bench/peers/jax-model.ts';
import { type Batch, openJaxTrainer } from '../../src/bench/peers/jax-training.ts';
import type { Pack } from '../../src/shared/protocol.ts';

/** What support/jax.ts calls in the page. Gradients and batches travel as plain numbers. */
async function firstBatch(pack: Pack, queries: Queries) {
  const trainer = await openJaxTrainer(pack, queries);
  try {
    const { tokens, targets }: Batch = trainer.draw(0);
    const { loss, gradient } = await trainer.gradient({ tokens, targets });
    const plain = Object.entries(gradient).map(([name, values]) => [name, [...values]] as const);
    return { tokens: [...tokens], targets: [...targets], loss, gradient: Object.fromEntries(plain) };
  } finally {
    trainer.dispose();
  }
}

async function losses(pack: Pack, steps: number): Promise<number[]> {
  const trainer = await openJaxTrainer(pack);
  try {
    const out: number[] = [];
    for (let step = 0; step < steps; step++) out.push(await trainer.step(trainer.draw(step)));
    return out;
  } finally {
    trainer.dispose();
  }
}

const calls = { firstBatch, losses };

export type JaxPageCalls = typeof calls;

Object.assign(window, { jaxPage: calls });
