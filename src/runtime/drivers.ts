import { MachineError } from '../shared/errors.ts';
import type { AdapterPreference } from '../shared/protocol.ts';
import type { Driver } from './vulkan.ts';

/**
 * What Dawn serves on the first driver that has an adapter of the wanted kind.
 * @param start gives a text where a driver does not serve: the reason
 * @throws MachineError with every driver's reason when none serves.
 */
export async function onFirstDriver<T extends object>(
  drivers: readonly Driver[],
  adapter: AdapterPreference,
  start: (driver: Driver) => Promise<T | string>,
): Promise<T> {
  const refusals: string[] = [];
  for (const driver of drivers) {
    const started = await start(driver);
    if (typeof started !== 'string') return started;
    refusals.push(`${driver.name}: ${started}`);
  }
  throw new MachineError(
    `Dawn found no ${adapter === 'auto' ? '' : `${adapter} `}adapter (${refusals.join('; ')})`,
    'See `lengthwise doctor`, or use --runtime chrome.',
  );
}
