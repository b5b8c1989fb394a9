/**
 * Toggle of Dawn, in Chrome and in Node, that leaves out the bounds checks around every index of a kernel: a fifth to a quarter of the time
 * of ours on SwiftShader. What they would catch, a browser or process of our own would suffer alone; that no kernel of ours
 * needs them is tested (test/support/checked-gpu.ts).
 */
export const UNCHECKED = 'disable_robustness';

/** Has the engine's process (engine/dawn.ts) keep those checks, for WGSL that is not ours. */
export const CHECKED = '--checked';
