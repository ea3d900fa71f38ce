import type { KeyValueRow } from '@tidewall/screen';
import type { NumberFormat } from '../format/number-format.ts';
import type { Props } from './definition.ts';

/** The change against what it is compared with. */
export interface Delta {
  /** With its arrow: the direction is never told by colour alone. */
  readonly text: string;
  readonly tone: 'good' | 'alert' | 'plain';
}

/** The change that a figure shows; undefined when there is nothing to compare, or a share of zero. */
export function deltaOf(
  { value, compare }: KeyValueRow,
  { delta, goodWhen }: Pick<Props, 'delta' | 'goodWhen'>,
  formats: { readonly number: NumberFormat; readonly percent: NumberFormat },
): Delta | undefined {
  if (delta === 'none' || typeof value !== 'number' || compare === undefined) return undefined;
  const difference = value - compare;
  if (!Number.isFinite(difference)) return undefined;
  if (delta === 'percent' && compare === 0) return undefined;
  const share = Math.abs(difference / compare) * 100;
  const amount = delta === 'percent' ? formats.percent.text(share) : formats.number.text(Math.abs(difference));
  const flat = delta === 'percent' ? share < 0.05 : difference === 0;
  const arrow = flat ? '■' : difference > 0 ? '▲' : '▼';
  const tone = flat || goodWhen === 'neither' ? 'plain' : difference > 0 === (goodWhen === 'up') ? 'good' : 'alert';
  return { text: `${arrow} ${amount}`, tone };
}

/** What the data says of itself, or what the props make of the number; undefined when neither says anything. */
export function statusOf(
  { value, status }: KeyValueRow,
  { warnAt, alertAt }: Pick<Props, 'warnAt' | 'alertAt'>,
): KeyValueRow['status'] {
  if (status !== undefined) return status;
  if (typeof value !== 'number') return undefined;
  if (alertAt !== undefined && value >= alertAt) return 'alert';
  if (warnAt !== undefined && value >= warnAt) return 'warn';
  return undefined;
}
