/** Markup that is safe to put into a page. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Text that is markup already. Only for what this program wrote itself. */
export function markup(text: string): Html {
  return new Html(text);
}

/** What a template takes: strings and numbers are escaped, nothing is written for what is not there. */
export type Content = Html | string | number | null | undefined | false | readonly Content[];

/** A template whose values are escaped, unless they are `Html` themselves. For elements' content and for attributes in double quotes. */
export function html(strings: TemplateStringsArray, ...values: Content[]): Html {
  return new Html(
    strings.reduce((text, part, i) => text + part + (i < values.length ? textOf(values[i]) : ''), ''),
  );
}

function textOf(value: Content): string {
  if (value instanceof Html) return value.text;
  if (value === null || value === undefined || value === false) return '';
  if (typeof value === 'object') return value.map(textOf).join('');
  return escapeMarkup(String(value));
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A string with everything that markup could mistake for its own replaced. */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character]!);
}
