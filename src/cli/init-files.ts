/*
 * What `init` writes, by path. The experiment is the quick start's smaller sibling: a minute on two cores without a GPU.
 */

const EXPERIMENT = `# yaml-language-server: $schema=./node_modules/lengthwise/experiments/schema.json
# How long must training sequences be, so that a transformer still solves its task on sequences far longer?
# A list where a single value is expected is an axis of the grid: this file trains 2 x 3 x 3 = 18 small models.
# All keys, with their defaults: node_modules/lengthwise/docs/experiment-file.md
name: first

# The task: sin(omega * (share of zeros - share of ones)). The larger omega, the harder.
task: { kind: simple, omega: [2, 4] }
# Or the share of ones at every p-th position:             task: { kind: mod-p, p: [3, 5], k: 1 }
# Or what followed the last k tokens before (two layers):  task: { kind: k-gram, vocabulary: 3, k: 1 }

model:
  layers: 1
  heads: 1
  width: 32

train:
  length: [4, 8, 16] # N: training sequences have 1 to N tokens
  steps: 1000
  warmup: 200
  learningRate: 0.003

test:
  length: [16, 64, 128, 256, 512, 1024] # T: each model is tested at all of them
  sequences: 2048

# Error bars, and verdicts, are over seeds: three at least.
seed: [0, 1, 2]

# Loss on long sequences that counts as solved.
epsilon: [0.1, 0.01]
`;

const WORKFLOW = `# Trains experiment.yaml on every pull request, on the runner's own CPU, and says in the summary what came of it. Once there is a
# baseline.json (npx lengthwise verify results --json > baseline.json), it fails when a plateau is worse than there.
name: length generalization
on: pull_request
permissions:
  contents: read
jobs:
  lengths:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - uses: actions/setup-node@v4
        with:
          node-version: 22
      - run: npm install --ignore-scripts
      - run: npx lengthwise run experiment.yaml
      - run: npx lengthwise report results --markdown >> "$GITHUB_STEP_SUMMARY"
      - if: hashFiles('baseline.json') != ''
        run: |
          npx lengthwise verify results --baseline baseline.json --json > verdicts.json ||
            jq --exit-status '.claims[] | select(.id == "baseline") | .holds' verdicts.json
`;

/** Files of a new folder, by path. */
export const INIT_FILES: Readonly<Record<string, string>> = {
  'experiment.yaml': EXPERIMENT,
  '.gitignore': 'node_modules/\nresults/\n',
  '.github/workflows/length-generalization.yml': WORKFLOW,
};
