import type { Run } from '../../results/runs.ts';
import { adapterName } from '../../shared/adapter.ts';
import { adapterInfoSchema } from '../../shared/protocol.ts';
import { type Html, html } from '../html.ts';

/** How a run was made: command, machine, versions, and the whole experiment. */
export function provenanceHtml({ manifest, cells }: Run): Html {
  const { name, run, command, versions, host, start, end, experiment } = manifest;
  return html`<h3>${name} <small><code>${run}</code></small></h3>
<dl>
<dt>command</dt><dd><code>${command}</code></dd>
<dt>adapter</dt><dd>${adapterOf(manifest.adapter, cells) ?? 'not recorded'}</dd>
<dt>versions</dt><dd>lengthwise ${versions.lengthwise}, Node ${versions.node}, ${versions.browser ?? 'browser not recorded'}</dd>
<dt>machine</dt><dd>${host.cpu}, ${host.cores} cores, ${host.platform} (${host.name})</dd>
<dt>time</dt><dd>${timeText(start)} to ${end ? timeText(end) : 'not finished'}</dd>
</dl>
<details><summary>Experiment as it was run</summary><pre class="scroll tall" tabindex="0">${JSON.stringify(experiment, null, 2)}</pre></details>
`;
}

function adapterOf(recorded: unknown, cells: Run['cells']): string | undefined {
  const parsed = adapterInfoSchema.safeParse(recorded);
  if (parsed.success) return adapterName(parsed.data);
  return [...new Set(cells.map(({ adapter }) => adapter))].join('; ') || undefined;
}

function timeText(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
