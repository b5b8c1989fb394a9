/*
 * WGSL has no loop that is sure to be unrolled, and software adapters are slow wherever a register is indexed by a loop
 * counter: private arrays in such loops took 3 to 27 s to compile (kernels.md). So shaders may say
 *
 *     #for r ROWS
 *       var sum$r = 0.0;
 *     #end
 *
 * which stands for its lines once for each r = 0 … ROWS − 1, `$r` replaced by the number. Counters are one letter; ROWS is a
 * u32 constant of the shader or a number. Blocks nest.
 */

/** Writes out the `#for` blocks of a shader. Line numbers of everything outside the blocks stay as they were. */
export function unroll(text: string, constants: Readonly<Record<string, string>>): string {
  if (!text.includes('#for ')) return text;
  const out: string[] = [];
  const open: { name: string; count: number; body: string[] }[] = [];
  for (const line of text.split('\n')) {
    const start = /^\s*#for ([a-z]) (\w+)\s*$/.exec(line);
    if (start) {
      open.push({ name: start[1]!, count: countOf(start[2]!, constants), body: [] });
      out.push('');
    } else if (/^\s*#end\s*$/.test(line)) {
      const block = open.pop();
      if (!block) throw new Error('#end without #for');
      const body = block.body.join(' ');
      const written = Array.from({ length: block.count }, (_, i) =>
        body.replaceAll(`$${block.name}`, `${i}`),
      ).join(' ');
      const around = open.at(-1);
      around?.body.push(written);
      out.push(around ? '' : written);
    } else if (open.length > 0) {
      open.at(-1)!.body.push(line.replace(/\/\/.*/, '').trim());
      out.push('');
    } else out.push(line);
  }
  if (open.length > 0) throw new Error(`#for ${open[0]!.name} without #end`);
  return out.join('\n');
}

function countOf(count: string, constants: Readonly<Record<string, string>>): number {
  const value = Number.parseInt(constants[count] ?? count, 10);
  if (!Number.isInteger(value)) throw new Error(`#for: ${count} is no constant of this shader`);
  return value;
}
