/** Versions of the peers that were bundled, by package name; put in at build time (vite.config.ts). */
declare const __PEER_VERSIONS__: Record<string, string>;

/** Version of a bundled peer. */
export function peerVersion(name: string): string {
  return __PEER_VERSIONS__[name] ?? 'unknown';
}
