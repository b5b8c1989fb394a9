import { useEffect, useRef, useState } from 'preact/hooks';
import { draw, type Place, typed } from './drawing.ts';

interface StripProps {
  tokens: readonly number[];
  vocabulary: number;
  /** Tokens that the model takes. */
  most: number;
  onChange(tokens: number[]): void;
}

const COLUMN_PIXELS = 18;
/** Height of all rows together at most, and of one. */
const MOST_PIXELS = 240;
const ROW_PIXELS = 18;
/** Columns beyond the last token, to draw into. */
const BEYOND = 8;
/** Rows up to which each has its token beside it. */
const MOST_NAMED = 16;
const NAMES_PIXELS = 28;
const POSITIONS_PIXELS = 18;
/** The drawing's own pixels in a rem: it grows with the page's text. */
const PIXELS_OF_REM = 16;

/** Tokens as a picture: a column a position, a row a token. Dragging draws, and so do keys. */
export function Strip({ tokens, vocabulary, most, onChange }: StripProps) {
  const [draft, setDraft] = useState<number[] | null>(null);
  const [at, setAt] = useState(0);
  const svg = useRef<SVGSVGElement>(null);
  const last = useRef<Place | null>(null);
  const shown = draft ?? tokens;
  const columns = Math.min(most, shown.length + BEYOND);
  const row = Math.min(ROW_PIXELS, MOST_PIXELS / vocabulary);
  const height = row * vocabulary;
  const cursor = Math.min(at, shown.length, most - 1);
  const top = (token: number) => (vocabulary - 1 - token) * row;
  const left = (position: number) => NAMES_PIXELS + position * COLUMN_PIXELS;
  const width = left(columns);

  useEffect(() => {
    // The cursor is kept in sight, in the strip's own box alone.
    const box = svg.current!.parentElement!;
    const middle = (left(cursor) * box.scrollWidth) / width - box.clientWidth / 2;
    if (Math.abs(middle - box.scrollLeft) > box.clientWidth / 2 - COLUMN_PIXELS) box.scrollLeft = middle;
  }, [cursor]);

  const placeOf = ({ clientX, clientY }: PointerEvent): Place => {
    const box = svg.current!.getBoundingClientRect();
    const within = (value: number, count: number) => Math.min(count - 1, Math.max(0, Math.floor(value)));
    const scale = width / box.width;
    return {
      position: within((scale * (clientX - box.left) - NAMES_PIXELS) / COLUMN_PIXELS, columns),
      token: vocabulary - 1 - within((scale * (clientY - box.top)) / row, vocabulary),
    };
  };
  const drag = (event: PointerEvent, from: Place | null) => {
    const to = placeOf(event);
    setDraft(draw(draft ?? tokens, from ?? to, to));
    setAt(to.position);
    last.current = to;
  };
  const drop = () => {
    if (draft) onChange(draft);
    setDraft(null);
    last.current = null;
  };
  const onKey = (event: KeyboardEvent) => {
    const next = typed(event, { tokens, at: cursor, vocabulary, most });
    if (!next) return;
    event.preventDefault();
    // Digits are tokens here, and views elsewhere.
    event.stopPropagation();
    setAt(next.at);
    if (next.tokens !== tokens) onChange([...next.tokens]);
  };

  return (
    <div
      class="strip"
      role="application"
      tabIndex={0}
      aria-label={`Tokens as a strip, a column a position. Left and right move, up and down change the token${vocabulary <= 10 ? ', digits write one' : ''}, with Shift an arrow to the right repeats it, Backspace takes it away.`}
      onKeyDown={onKey}
    >
      <svg
        ref={svg}
        aria-hidden="true"
        viewBox={`0 0 ${width} ${height + POSITIONS_PIXELS}`}
        style={{ width: `${width / PIXELS_OF_REM}rem` }}
        onPointerDown={event => {
          svg.current!.setPointerCapture(event.pointerId);
          drag(event, null);
        }}
        onPointerMove={event => last.current && drag(event, last.current)}
        onPointerUp={drop}
        onPointerCancel={drop}
      >
        {vocabulary <= MOST_NAMED &&
          Array.from({ length: vocabulary }, (_, token) => (
            <text key={token} x={NAMES_PIXELS - 8} y={top(token) + row / 2} class="name">
              {token}
            </text>
          ))}
        {Array.from({ length: columns }, (_, position) => (
          <g key={position}>
            <rect
              class={position < shown.length ? 'column' : 'column beyond'}
              x={left(position) + 1}
              y={0}
              width={COLUMN_PIXELS - 2}
              height={height}
            />
            {position < shown.length && (
              <rect
                class="token"
                x={left(position) + 1}
                y={top(shown[position]!)}
                width={COLUMN_PIXELS - 2}
                height={Math.max(2, row - 1)}
              />
            )}
            {(position + 1) % 4 === 0 && (
              <text x={left(position) + COLUMN_PIXELS / 2} y={height + 11} class="position">
                {position + 1}
              </text>
            )}
          </g>
        ))}
        <rect class="cursor" x={left(cursor)} y={0.5} width={COLUMN_PIXELS} height={height - 1} />
      </svg>
      <span class="hidden" aria-live="polite">
        position {cursor + 1}: {cursor < shown.length ? `token ${shown[cursor]}` : 'no token yet'}
      </span>
    </div>
  );
}
