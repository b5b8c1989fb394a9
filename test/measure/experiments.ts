/** What the estimates of `plan` and `run` are tried on: ten experiments of ten to forty seconds each, unlike in what takes their time. */
export const EXPERIMENTS: Record<string, string> = {
  'one layer, 12 cells': `
task: { kind: simple, omega: [2, 8] }
train: { length: [8, 32], steps: 1500 }
test: { length: [16, 64, 256], sequences: 1024 }
seed: [0, 1, 2]`,
  'long tests': `
task: { kind: simple, omega: 2 }
train: { length: [8, 16], steps: 200 }
test: { length: [1024, 4096, 16384], sequences: 2048 }
seed: [0, 1]`,
  'width 128, 4 heads': `
task: { kind: simple, omega: 2 }
model: { width: 128, heads: 4 }
train: { length: [8, 16], steps: 400 }
test: { length: [16, 64], sequences: 512 }
seed: [0, 1]`,
  'width 256, theory': `
task: { kind: simple, omega: [1, 2, 4] }
model: { width: 256, heads: 4 }
train: { length: [8, 16], steps: 40, batch: 64 }
test: { length: [16], sequences: 128 }
seed: [0, 1]`,
  'four widths, four packs': `
task: { kind: simple, omega: 2 }
model: { width: [8, 16, 32, 64] }
train: { length: [8, 16], steps: 800 }
test: { length: [16, 64], sequences: 512 }
seed: [0, 1]`,
  'mod p, finite precision': `
task: { kind: mod-p, p: 3, k: 1 }
model: { heads: 2, attention: { precision: finite, bits: 8 } }
train: { length: [16, 64], steps: 800 }
test: { length: [64, 256], sequences: 512 }
seed: [0, 1]`,
  'two layers': `
task: { kind: k-gram, vocabulary: 2, k: 1 }
model: { width: 16, mlpWidth: 32 }
train: { length: [8, 16], steps: 600, batch: 64 }
test: { length: [16, 32], sequences: 256 }
seed: [0, 1]`,
  'two layers, long tests': `
task: { kind: k-gram, vocabulary: 2, k: 1 }
model: { width: 16, mlpWidth: 32 }
train: { length: 8, steps: 100, batch: 64 }
test: { length: [256, 1024, 4096], sequences: 256 }
seed: [0, 1]`,
  'softmax, rope, every position': `
task: { kind: k-gram, vocabulary: 2, k: 1 }
model: { layers: 2, width: 16, mlpWidth: 32, attention: { rule: softmax, encoding: rope } }
train: { length: 16, positions: every, steps: 400, batch: 32 }
test: { length: [32, 128], sequences: 64 }
seed: [0, 1]`,
  'four layers': `
task: { kind: simple, omega: 2 }
model: { layers: 4, width: 16, mlpWidth: 32 }
train: { length: 16, steps: 200, batch: 32 }
test: { length: [32, 128], sequences: 64 }
seed: [0, 1]`,
};
