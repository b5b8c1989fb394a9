// The entry of a page, for any bundler: `npx vite build` with this file as its entry.
import { attentionDevice } from 'lengthwise/attention';
import { attend } from './attention.mjs';
import { look } from './model-in-browser.mjs';

async function openDevice() {
  const adapter = await navigator.gpu.requestAdapter();
  return adapter.requestDevice(attentionDevice(adapter));
}

window.example = {
  attend: async inputs => attend(await openDevice(), inputs),
  look: async (bytes, tokens) => look(await openDevice(), bytes, tokens),
};
