import { expect, test } from 'vitest';
import { useEngine } from '../support/engine.ts';

const engine = useEngine();

// The kernels' results are checked where they are measured: a wrong sum, a lost dispatch or an unfinished copy fails there.
test('the roofline is measured, and its parts fit together', async () => {
  const { roofline, adapter } = await engine.ask('measured', { op: 'roofline' });
  expect(adapter.software).toBe(true);
  console.info(`roofline of ${adapter.description || adapter.device}: ${JSON.stringify(roofline)}`);
  const { gflops, gflopsVector, gflopsScalar, gbytesPerSecond, gexpPerSecond } = roofline;
  expect(gflops).toBe(Math.max(gflopsVector, gflopsScalar));
  // An exponential is several multiply-adds on every software adapter.
  expect(gexpPerSecond).toBeLessThan(gflops);
  // Two cores' worth of memory and arithmetic: beyond these, work was left out.
  expect(gflops).toBeLessThan(10_000);
  expect(gbytesPerSecond).toBeLessThan(1000);
  // A dispatch in a pass of thousands cannot cost more than one that is submitted and waited for.
  expect(roofline.dispatchMicros).toBeLessThan(1000 * roofline.submitAndWaitMs + roofline.submitMicros);
});
