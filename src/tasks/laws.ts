export { drawTokens, LAWS, longestSequence, type TokenSource } from './laws/registry.ts';
