import { DARK, LIGHT, themeCss } from '../../report/theme.ts';

/** Scripts and data of the page's own place, and nothing else. Preact and uPlot set styles from code, which needs no permission. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'";

/** The page before its script has come. An export has its data beside it, and its policy in it. */
export function shell({ frozen }: { frozen: boolean }): string {
  // A page that lies on a disk has no headers.
  const policy = frozen ? `<meta http-equiv="Content-Security-Policy" content="${POLICY}">` : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">${policy}
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>lengthwise</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
${frozen ? '<script defer src="data.js"></script>\n' : ''}<script defer src="page.js"></script>
</head>
<body><div id="app"><p class="empty" role="status">Reading results…</p></div></body>
</html>
`;
}

/** The page's style sheet with the colours of figures. @param css as it was built */
export function styleSheet(css: string): string {
  return `${css}
:root{${themeCss(LIGHT)}}
@media (prefers-color-scheme: dark){:root:not([data-theme="light"]){${themeCss(DARK)}}}
:root[data-theme="dark"]{${themeCss(DARK)}}
`;
}
