// Records of labelled sequences (src/shared/records.ts) of the steps from window.first on: record_starts [steps][R*B] says at which word of
// records each begins.

const WRITTEN_OUT = 0x80000000u;

struct Window {
  first: u32,
}

// The record of sequence `row` of the R*B of this step.
fn record_of(row: u32, all: u32) -> u32 { return record_starts[(clock[0] - window.first) * all + row]; }

fn length_of(record: u32) -> u32 { return records[record] & ~WRITTEN_OUT; }

fn targets_of(record: u32) -> u32 { return records[record + 1u]; }

fn token_words_of(record: u32) -> u32 { return (length_of(record) + 3u) / 4u; }
