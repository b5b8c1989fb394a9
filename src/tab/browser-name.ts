/** What Chromium says of itself (https://wicg.github.io/ua-client-hints), as far as it is read here; TypeScript does not know it. */
interface ClientHints {
  getHighEntropyValues(hints: string[]): Promise<{ fullVersionList?: { brand: string; version: string }[] }>;
}

/** The parts of `navigator` that name a browser. */
export interface Navigating {
  userAgent: string;
  userAgentData?: ClientHints;
}

/** Names in user agents, the more telling first: Edge calls itself Chrome, too, and Chrome calls itself Safari. */
const BROWSERS = [
  ['Edge', /Edg\/([\d.]+)/],
  ['Chrome', /Chrome\/([\d.]+)/],
  ['Firefox', /Firefox\/([\d.]+)/],
  ['Safari', /Version\/([\d.]+).* Safari/],
] as const;
const SYSTEMS = [
  ['Android', /Android/],
  ['iOS', /iPhone|iPad/],
  ['macOS', /Macintosh/],
  ['Windows', /Windows/],
  ['Linux', /Linux|X11/],
] as const;

/**
 * Browser, version and system, in printable ASCII: `Chrome/156.0.8078.108 on Linux`. Bits depend on all three, so that a checkpoint is
 * known by them; browsers other than Chromium tell no more than the version's first parts.
 */
export async function browserName({ userAgent, userAgentData }: Navigating): Promise<string> {
  const hints = await userAgentData?.getHighEntropyValues(['fullVersionList']).catch(() => undefined);
  const brands = hints?.fullVersionList?.filter(({ brand }) => !/not.?a.?brand/i.test(brand)) ?? [];
  // Beside the engine's own name stands the product's.
  const brand = brands.find(each => each.brand !== 'Chromium') ?? brands[0];
  const [name, version] = brand
    ? [brand.brand, brand.version]
    : (found(BROWSERS, userAgent) ?? ['a browser', '']);
  const [system] = found(SYSTEMS, userAgent) ?? ['an unknown system'];
  const text = `${name}${version && `/${version}`} on ${system}`;
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
}

function found(
  known: readonly (readonly [name: string, pattern: RegExp])[],
  text: string,
): [string, string] | undefined {
  for (const [name, pattern] of known) {
    const match = pattern.exec(text);
    if (match) return [name, match[1] ?? ''];
  }
  return undefined;
}
