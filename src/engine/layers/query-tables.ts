import type { ModelConfig } from '../../shared/model-config.ts';
import type { RowWidths } from '../row-widths.ts';
import { columnsOf, type View } from '../view.ts';

/** A state row [.., Z] and its two parts: y^(1) = mlp_out · hidden + classStateᵀ · mix. */
export interface StateView {
  whole: View;
  hidden: View;
  mix: View;
}

/**
 * What layer 2 keeps of each sequence b of a batch. Its one query is the last position T; keys and values never leave
 * state coordinates (shaders/common/legend.wgsl, Z), in which y^(1) is linear.
 */
export interface QueryTables {
  /** state of the last position [B, Z] */
  last: StateView;
  /** y_T^(1) [B, D], Q_h y_T [B, H, DK], s K_hᵀ Q_h y_T [B, H, D], and that in state coordinates [B, H, Z] */
  y: View;
  query: View;
  keyed: View;
  zQuery: StateView;
  /** Σ_j α_j state_j [B, H, Z], and the same in the residual stream [B, H, D] */
  zMean: StateView;
  yMean: View;
  /** Y_T [B, D], MLP pre-activation and hidden units [B, M], y_T^(2) [B, D], U y_T [B, O] */
  residual: View;
  pre: View;
  hidden: View;
  y2: View;
  outputs: View;
  /** grad_zMean · zMean [B, H]. Only in the gradients. */
  dotMean: View;
}

/** Lays out the query tables of a two-layer model for `B` sequences a replica. */
export function queryTables(
  config: ModelConfig,
  widths: RowWidths,
  B: number,
  take: (sizes: number[]) => View,
): QueryTables {
  const { heads: H, width: D, keyWidth: DK, mlpWidth: M, outputs: O } = config;
  const { mlpPad, mixUsed, state: Z } = widths;
  const states = (sizes: number[]): StateView => {
    const whole = take([...sizes, Z]);
    return { whole, hidden: columnsOf(whole, 0, M), mix: columnsOf(whole, mlpPad, mixUsed) };
  };
  return {
    last: states([B]),
    y: take([B, D]),
    query: take([B, H, DK]),
    keyed: take([B, H, D]),
    zQuery: states([B, H]),
    zMean: states([B, H]),
    yMean: take([B, H, D]),
    residual: take([B, D]),
    pre: take([B, M]),
    hidden: take([B, M]),
    y2: take([B, D]),
    outputs: take([B, O]),
    dotMean: take([B, H]),
  };
}
