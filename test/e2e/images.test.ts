import { expect, test } from 'vitest';
import type { Image } from '../../src/report/figures/compose.ts';
import { type Format, toFormats } from '../../src/report/images.ts';
import { readPdf } from '../support/pdf.ts';

const drawing = (more: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20" viewBox="0 0 40 20"${more}</svg>`;
const PLAIN = '><rect id="r" width="40" height="20" fill="white"/>';

async function drawnAs(format: Format, images: Image[]): Promise<Buffer[]> {
  const result = await toFormats(images, [format]);
  if ('without' in result) throw new Error(result.without);
  return result.drawn.map(each => Buffer.from(each.get(format)!));
}

test('scripts in a drawing are not run', async () => {
  const paint = "document.getElementById('r').setAttribute('fill', 'red')";
  const drawings = [
    drawing(PLAIN),
    drawing(`${PLAIN}<script>${paint}</script>`),
    drawing(` onload="${paint}"${PLAIN}`),
  ].map(svg => ({ svg, width: 40, height: 20 }));
  const [plain, script, onload] = await drawnAs('png', drawings);
  expect(script).toEqual(plain);
  expect(onload).toEqual(plain);
});

test('a PDF is one page of the drawing, as large as that, and consists of lines and letters', async () => {
  const sizes = [
    { width: 40, height: 20 },
    { width: 611, height: 287 },
  ];
  const images = sizes.map(({ width, height }) => ({
    svg: `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><rect width="${width}" height="${height}" fill="white"/><circle cx="20" cy="10" r="5"/><text x="2" y="18" font-size="8">plateau</text></svg>`,
    width,
    height,
  }));
  const files = await drawnAs('pdf', images);
  files.forEach((file, i) => {
    const { pages, objects } = readPdf(file);
    expect(pages).toHaveLength(1);
    const [, , width, height] = pages[0]!.mediaBox;
    // Points of 1/72 inch; CSS has 96 pixels an inch.
    expect(Math.abs(width! - sizes[i]!.width * 0.75)).toBeLessThan(1);
    expect(Math.abs(height! - sizes[i]!.height * 0.75)).toBeLessThan(1);
    expect(objects.some(text => /\/Subtype\s*\/Image/.test(text))).toBe(false);
    expect(objects.some(text => /\/Type\s*\/Font\b/.test(text))).toBe(true);
  });
});
