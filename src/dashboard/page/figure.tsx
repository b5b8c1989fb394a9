import * as Plot from '@observablehq/plot';
import { csvFormatRows } from 'd3-dsv';
import { rampSwatch, standalone, swatch } from '../../report/figures/compose.ts';
import type { Canvas, Figure } from '../../report/figures/figure.ts';

/** Figures are drawn in the page's own document. */
export const canvas: Canvas = { Plot, document };

/** Rows of a figure's data, the head first. */
export type Rows = (string | number | boolean | null)[][];

/** Pixels of a PNG for each pixel of the drawing. */
const SCALE = 2;

export interface FigureProps {
  figure: Figure | undefined;
  rows: () => Rows;
  /** What stands there without a figure. */
  empty: string;
  /** Panels are larger where there are few. */
  large?: boolean;
}

/** A figure of the report, with its files. */
export function FigureView({ figure, rows, empty, large }: FigureProps) {
  if (!figure) return <p class="empty">{empty}</p>;
  const { title, caption, legend, panels } = figure;
  return (
    <figure class={large ? 'large' : ''}>
      <h2>{title}</h2>
      <Save name={figure.id} svg={() => withoutLinks(standalone(figure).svg)} rows={rows} />
      {legend && (
        <div class="legend">
          <span>{legend.title}</span>
          {legend.kind === 'ramp' ? (
            <span class="ramp">
              {legend.low}
              <Drawn
                viewBox="0 0 120 12"
                markup={rampSwatch(3, 12)
                  .map(({ text }) => text)
                  .join('')}
              />
              {legend.high}
            </span>
          ) : (
            <ul>
              {legend.keys.map(key => (
                <li key={key.label}>
                  <Drawn viewBox="0 -6 28 12" markup={swatch(key).text} />
                  {key.label}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
      <div class="panels" data-count={panels.length}>
        {panels.map(({ title: name, svg, alt }) => (
          <div class="panel" key={name} role="group" aria-label={alt}>
            {(panels.length > 1 || name !== title) && name && <p class="panel-title">{name}</p>}
            {/* Markup of Plot's own making: texts from files are escaped in it. */}
            <div class="drawing" dangerouslySetInnerHTML={{ __html: svg }} />
          </div>
        ))}
      </div>
      <figcaption>{caption}</figcaption>
    </figure>
  );
}

function Drawn({ viewBox, markup }: { viewBox: string; markup: string }) {
  return (
    <svg
      aria-hidden="true"
      viewBox={viewBox}
      preserveAspectRatio="none"
      dangerouslySetInnerHTML={{ __html: markup }}
    />
  );
}

/** Buttons that save a drawing, where there is one, and its data. */
export function Save({
  name,
  svg,
  rows,
}: {
  name: string;
  svg?: () => string | undefined;
  rows: () => Rows;
}) {
  const file = name.replace(/[^\w.-]+/g, '-');
  return (
    <p class="save">
      Save as{' '}
      {svg && (
        <>
          <button type="button" onClick={() => offer(`${file}.svg`, 'image/svg+xml', svg() ?? '')}>
            SVG
          </button>{' '}
          <button type="button" onClick={() => void savePng(`${file}.png`, svg() ?? '')}>
            PNG
          </button>{' '}
        </>
      )}
      <button type="button" onClick={() => offer(`${file}.csv`, 'text/csv', csv(rows()))}>
        CSV
      </button>
    </p>
  );
}

/** Links of a page lead nowhere from a file. */
function withoutLinks(svg: string): string {
  return svg.replace(/<\/?a\b[^>]*>/g, '');
}

/** Texts that a spreadsheet would take for a formula get an apostrophe before them. */
function csv(rows: Rows): string {
  const text = (value: Rows[number][number]) =>
    typeof value === 'string' && /^[=+\-@\t\r]/.test(value)
      ? `'${value}`
      : value === null
        ? ''
        : String(value);
  return `${csvFormatRows(rows.map(row => row.map(text)))}\n`;
}

function offer(name: string, type: string, data: BlobPart): void {
  const url = URL.createObjectURL(new Blob([data], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

async function savePng(name: string, svg: string): Promise<void> {
  const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  const image = new Image(Number(width), Number(height));
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const drawing = document.createElement('canvas');
  [drawing.width, drawing.height] = [SCALE * Number(width), SCALE * Number(height)];
  drawing.getContext('2d')!.drawImage(image, 0, 0, drawing.width, drawing.height);
  drawing.toBlob(blob => blob && offer(name, 'image/png', blob), 'image/png');
}
