import { useEffect, useState } from 'preact/hooks';

/** What the page shows. */
export const VIEWS = ['sweep', 'curves', 'runs', 'cell', 'model', 'theory'] as const;
export type View = (typeof VIEWS)[number];

/** The state of the page, which is all in its address: `#runs?q=N>=16&sort=plateau`. */
export interface Address {
  view: View;
  query: URLSearchParams;
}

export function readAddress(hash: string): Address {
  const [name, rest = ''] = hash.replace(/^#/, '').split(/\?(.*)/s);
  const view = VIEWS.find(own => own === name) ?? 'sweep';
  return { view, query: new URLSearchParams(rest) };
}

/** A link to a state that differs from another in some keys; null takes a key away. */
export function linkTo(
  { view, query }: Address,
  changes: Record<string, string | null>,
  to: View = view,
): string {
  const next = new URLSearchParams(query);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === '') next.delete(key);
    else next.set(key, value);
  }
  const text = next.toString();
  return `#${to}${text === '' ? '' : `?${text}`}`;
}

/** What components read of the address, and how they change it. */
export interface Place extends Address {
  get(key: string, standard?: string): string;
  list(key: string): string[];
  link(changes: Record<string, string | null>, to?: View): string;
  /** What is only looked at more closely is no step back. */
  set(changes: Record<string, string | null>): void;
  go(changes: Record<string, string | null>, to?: View): void;
}

export function useAddress(): Place {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const hear = () => setHash(location.hash);
    window.addEventListener('hashchange', hear);
    return () => window.removeEventListener('hashchange', hear);
  }, []);
  const address = readAddress(hash);
  return {
    ...address,
    get: (key, standard = '') => address.query.get(key) ?? standard,
    list: key => (address.query.get(key) ?? '').split(',').filter(item => item !== ''),
    link: (changes, to) => linkTo(address, changes, to),
    set(changes) {
      // Of the address as it is now: two changes may come before the next picture.
      const next = linkTo(readAddress(location.hash), changes);
      history.replaceState(null, '', next);
      setHash(next);
    },
    go(changes, to) {
      location.hash = linkTo(readAddress(location.hash), changes, to);
    },
  };
}
