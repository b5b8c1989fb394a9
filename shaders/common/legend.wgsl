// The symbols of every shader. engine/kernels.ts writes the constants in front of each file from the model's shape.
//
//   R  replicas of a pack           B  sequences of a replica in this batch (run time: batch.sequences)
//   S  tokens      DELTA  period    TAU  locality       C = S * DELTA  classes (docs/theory.md, section 2)
//   H  heads       D  width         DK  key width       M  MLP width   O  outputs
//   D4 vec4 of a row of the residual stream: D rounded up to 16
//   F  floats of a feature row: M rounded up to 16 (M_PAD), then, where the first layer is the last, O rounded up to 4
//   X  floats of a mix row: H*C attention weights by class, then C one-hot query, rounded up to 4. Mix rows lie MIX_STRIDE
//      floats apart, MIX_AT floats into each
//   G  floats of a row of logit gradients: H*C for the class logits, then H*(TAU+1) for phi, rounded up to 4
//   Z  floats of a state row of a class layer that another layer follows: M_PAD hidden units, then the mix row. y^(1) is linear in it
//
// A row is one position of one sequence: every position, or those that are read (engine/row-set.ts). Rows of replica r lie from
// r * rows on. A replica's weights, gradients and tables lie in one block of STRIDE floats of the arena; AT_* are offsets
// in it. grad_ in front of a name is the gradient of the batch's mean loss.

struct Batch {
  sequences: u32,       // B, of a replica
  token_words: u32,     // u32 words of packed tokens a sequence, four tokens a word
  first_sequence: u32,  // number of the first sequence of this batch in its random stream
  length: u32,          // sequence length; 0: the replica's own training length
  uniform_length: u32,  // 1: each sequence draws its length from 1..length; 0: fixed
  spread: u32,          // fixed lengths cycle through length .. length + spread - 1, so that every residue is met
}

// A chunk of positions first + 1 .. first + width of every sequence of a batch. Rows lie sequence behind sequence without gaps
// (chunk_rows.wgsl), in sequences * width rows a replica.
struct Chunk {
  sequences: u32,       // of a replica
  width: u32,           // positions a sequence at most, a multiple of 4
  first: u32,
  whole: u32,           // 1: this is the only chunk
  replicas: u32,
}

// Rows of some positions of every sequence of a batch (engine/row-set.ts).
struct Space {
  rows: u32,            // room a replica
  sequences: u32,       // of a replica
  longest: u32,         // rows of one sequence at most
  replicas: u32,
}

struct Replica {
  knobs: vec4<f32>,     // task knobs
  key: u32,             // random stream
  train_length: u32,
  alpha: u32,           // Dirichlet parameter in thousandths
  learning_rate: f32,
}
