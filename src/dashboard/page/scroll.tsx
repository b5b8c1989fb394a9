import type { ComponentChildren } from 'preact';

/** A box of its own for what is wider than the page; the keyboard scrolls it, too. */
export function Scroll({
  label,
  tall,
  children,
}: {
  label: string;
  tall?: boolean;
  children: ComponentChildren;
}) {
  return (
    <div class={tall ? 'scroll tall' : 'scroll'} tabIndex={0} role="group" aria-label={`${label}, scrolls`}>
      {children}
    </div>
  );
}
