declare const __ENGINE_HASH__: string;

/** Hash of the engine that this build trains with (`src/setup/engine-hash.mjs`), made when it was built. */
export const ENGINE_HASH: string = __ENGINE_HASH__;
