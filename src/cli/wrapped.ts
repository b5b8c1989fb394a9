/** A paragraph in lines of at most `width` characters; those after the first are indented by two. */
export function wrapped(text: string, width = 98): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= width) {
      line = longer;
      continue;
    }
    lines.push(line);
    line = `  ${word}`;
  }
  return [...lines, line].join('\n');
}
