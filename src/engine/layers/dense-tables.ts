import { sharesKeys } from '../../model/paths.ts';
import type { ModelConfig } from '../../shared/model-config.ts';
import type { RowWidths } from '../row-widths.ts';
import { columnsOf, type View } from '../view.ts';

/** The table of a linear map of rows: its padded whole [K, N], and the part that a tensor fills, with the axes of that tensor. */
export interface Table {
  whole: View;
  part: View;
}

/**
 * The matrices of a dense layer as the tables of shaders/linear_rows.wgsl: [inputs, outputs], both rounded up to 16 floats a head.
 * Where nothing turns queries and keys, the query table is K_hᵀ Q_h and keys are the residual stream itself, shared by the heads.
 */
export interface DenseTables {
  /** [D, H, K or D], axes d, h, k */
  queries: Table;
  /** [D, H, K], axes d, h, k; undefined where keys are the residual stream. */
  keys: Table | undefined;
  /** [H, D, D], axes h, d, e */
  values: Table;
  /** [D, M], axes d, m; [M]; [M, D], axes m, d. Undefined without an MLP. */
  mlp: { in: Table; bias: View; out: Table } | undefined;
}

/** Floats of a query or key row of one head. */
export function keyRow(model: ModelConfig, { width, keyWidth }: RowWidths): number {
  return sharesKeys(model) ? width : keyWidth;
}

type Take = (sizes: number[]) => View;

/** A table of `inputs` × `outputs` floats, padded. */
export function tableOf(take: Take, inputs: number, outputs: number, pad: (n: number) => number): Table {
  const whole = take([pad(inputs), pad(outputs)]);
  return { whole, part: { ...columnsOf(whole, 0, outputs), sizes: [inputs, outputs] } };
}

/** Lays out the tables of one dense layer. */
export function denseTables(model: ModelConfig, widths: RowWidths, take: Take): DenseTables {
  const { heads: H, width: D, keyWidth: DK, mlpWidth: M } = model;
  const { width, pad } = widths;
  const row = keyRow(model, widths);
  const byHead = (columns: number): Table => {
    const whole = take([width, H * row]);
    return { whole, part: { offset: whole.offset, sizes: [D, H, columns], strides: [H * row, row, 1] } };
  };
  const values = take([H * width, width]);
  return {
    queries: byHead(sharesKeys(model) ? D : DK),
    keys: sharesKeys(model) ? undefined : byHead(DK),
    values: {
      whole: values,
      part: { offset: values.offset, sizes: [H, D, D], strides: [width * width, width, 1] },
    },
    mlp:
      M === 0
        ? undefined
        : {
            in: tableOf(take, D, M, pad),
            bias: columnsOf(take([pad(M)]), 0, M),
            out: tableOf(take, M, D, pad),
          },
  };
}
