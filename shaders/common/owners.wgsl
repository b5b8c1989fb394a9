// Whose a row is: owners [rows] = the sequence's number in its replica, with LAST at its last position in a chunk of all positions;
// NOBODY from the end of a replica's rows on.

const NOBODY = 0xffffffffu;
const LAST = 0x80000000u;

// The sequence of a row; some sequence where the row is nobody's.
fn sequence_of(owner: u32, sequences: u32) -> u32 { return min(owner & ~LAST, sequences - 1u); }
