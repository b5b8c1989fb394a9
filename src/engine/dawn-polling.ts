/*
 * Dawn's Node binding waits for the device by calling `setImmediate` over and over: a spinning core. On a software
 * adapter that core is one of those that compute (on two cores with other work, a 2 s dispatch took 2 to 8 times as long).
 * So a wait spins for a moment only, as a short one is over by then, and then looks in once a millisecond.
 */

const SPIN_MS = 0.3;
const LOOK_MS = 1;

let submitted = 0;
const { submit } = GPUQueue.prototype;
GPUQueue.prototype.submit = function (...commands) {
  submitted = performance.now();
  return submit.apply(this, commands);
};

const spin = globalThis.setImmediate;
const poll = (callback: (...args: unknown[]) => void, ...args: unknown[]) =>
  performance.now() - submitted < SPIN_MS ? spin(callback, ...args) : setTimeout(callback, LOOK_MS, ...args);
Object.assign(globalThis, { setImmediate: poll });
