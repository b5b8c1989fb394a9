import { expect, test } from 'vitest';
import { toPng } from '../../src/report/images.ts';

const drawing = (more: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20" viewBox="0 0 40 20"${more}</svg>`;
const PLAIN = '><rect id="r" width="40" height="20" fill="white"/>';

test('scripts in a drawing are not run', async () => {
  const paint = "document.getElementById('r').setAttribute('fill', 'red')";
  const drawings = [
    drawing(PLAIN),
    drawing(`${PLAIN}<script>${paint}</script>`),
    drawing(` onload="${paint}"${PLAIN}`),
  ].map(svg => ({ svg, width: 40, height: 20 }));
  const drawn = await toPng(drawings);
  if ('without' in drawn) throw new Error(drawn.without);
  const [plain, script, onload] = drawn.png.map(png => Buffer.from(png).toString('base64'));
  expect(script).toBe(plain);
  expect(onload).toBe(plain);
});
