import { InputError } from '../shared/errors.ts';
import type { PlannedPack } from './packs.ts';

/** More device memory than any adapter has. */
const MOST_BYTES = 256 * 2 ** 30;
/** What an adapter may well not have. */
const MUCH_BYTES = 2 ** 31;

const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MiB`;

/** Device memory that one replica of a pack takes. */
const perReplica = ({ pack, bytes }: PlannedPack) => bytes / pack.replicas.length;

/** The pack whose replicas take the most device memory. */
function largestOf(packs: readonly PlannedPack[]): PlannedPack | undefined {
  return packs.reduce<PlannedPack | undefined>(
    (most, pack) => (most && perReplica(most) >= perReplica(pack) ? most : pack),
    undefined,
  );
}

/** What one cell needs, in words. */
function needOf(planned: PlannedPack): string {
  const { pack, cells } = planned;
  const length = pack.replicas.reduce((most, { trainLength }) => Math.max(most, trainLength), 0);
  return `a cell such as ${cells[0]!.hash} takes ${mebibytes(perReplica(planned))} of device memory in training (${pack.batch} sequences of up to ${length} tokens a step)`;
}

const SMALLER = 'Set a smaller train.batch, or shorter training lengths.';

/** @throws InputError when a cell needs more device memory than any adapter has */
export function refuseImpossible(packs: readonly PlannedPack[]): void {
  const largest = largestOf(packs);
  if (largest && perReplica(largest) > MOST_BYTES)
    throw new InputError(`${needOf(largest)}, more than any adapter has`, SMALLER);
}

/** What an adapter may refuse, in words; undefined where it will not. */
export function memoryWarning(packs: readonly PlannedPack[]): string | undefined {
  const largest = largestOf(packs);
  if (!largest || perReplica(largest) <= MUCH_BYTES) return undefined;
  return `${needOf(largest)}: many adapters have less, or smaller buffers (\`lengthwise doctor\` says what this machine has). ${SMALLER}`;
}
