/** What of a PDF file is looked at. */
export interface Pdf {
  pages: { mediaBox: number[] }[];
  /** Dictionaries of all objects, without their streams. */
  objects: string[];
}

/**
 * Reads a PDF file from its end, as a viewer does: where the table of objects is, the objects at the places that it says, and from the root
 * the pages. For files with a plain table and a flat tree of pages.
 * @throws Error where one of these is not as it must be
 */
export function readPdf(file: Buffer): Pdf {
  const text = file.toString('latin1');
  const match = (pattern: RegExp, where = text): RegExpExecArray => {
    const found = pattern.exec(where);
    if (!found) throw new Error(`no ${pattern} in the PDF`);
    return found;
  };
  match(/^%PDF-1\.\d/);
  const table = text.slice(Number(match(/startxref\s+(\d+)\s+%%EOF\s*$/)[1]));
  const [, first, count] = match(/^xref\s+(\d+) (\d+)\s/, table);
  const entries = [...table.matchAll(/^(\d{10}) \d{5} ([nf])/gm)];
  if (entries.length !== Number(count)) throw new Error(`${entries.length} entries, not ${count}`);
  const objects = new Map<string, string>();
  entries.forEach(([, offset, use], i) => {
    if (use !== 'n') return;
    const [, number, dictionary] = match(
      /^(\d+) 0 obj\s+([\s\S]*?)(?:stream|endobj)/,
      text.slice(Number(offset)),
    );
    if (Number(number) !== Number(first) + i)
      throw new Error(`object ${number} where ${Number(first) + i} should be`);
    objects.set(number!, dictionary!);
  });
  const objectOf = (name: string, where: string) =>
    objects.get(match(new RegExp(`/${name}\\s+(\\d+) 0 R`), where)[1]!)!;
  const tree = objectOf('Pages', objectOf('Root', table));
  const kids = [...match(/\/Kids\s*\[([^\]]*)\]/, tree)[1]!.matchAll(/(\d+) 0 R/g)].map(
    ([, number]) => objects.get(number!)!,
  );
  return {
    pages: kids.map(page => ({
      mediaBox: match(/\/MediaBox\s*\[([^\]]*)\]/, page)[1]!
        .trim()
        .split(/\s+/)
        .map(Number),
    })),
    objects: [...objects.values()],
  };
}
