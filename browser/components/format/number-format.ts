import type { Locale } from '@tidewall/browser-contracts';
import type { NUMBER_FORMATS } from './format-props.ts';

/** What a number format is made from. */
export interface NumberFormatOptions {
  readonly format: (typeof NUMBER_FORMATS)[number];
  readonly decimals: number;
  readonly unit: string;
  readonly currency: string;
}

/** A number in three pieces, so that the unit can be drawn smaller. */
export interface NumberParts {
  readonly prefix: string;
  readonly digits: string;
  /** With the magnitude before it, where the format has one: `万元`, `M 元`, `MiB`. */
  readonly unit: string;
  /** What stands between digits and unit in running text. */
  readonly gap: '' | ' ';
}

/** Writes numbers in one way. */
export interface NumberFormat {
  /** @param dataUnit the unit that the data has, where the options have none; money has a sign instead */
  parts(value: unknown, dataUnit?: string): NumberParts;
  text(value: unknown, dataUnit?: string): string;
}

/** What stands for a number that is not there. */
export const NO_NUMBER = '—';

/** The locale tag that Intl knows. */
export function localeTag(locale: Locale): string {
  return locale === 'zh' ? 'zh-CN' : 'en-US';
}

/** Formats whose scale is a unit already: one beside it would contradict it. */
const OWN_UNIT: ReadonlySet<string> = new Set(['percent', 'bytes', 'bytesPerSecond', 'duration']);

/** From here on a number is written with an exponent: its last digits mean nothing any more, and fill the picture. */
const FIRST_HUGE = 1e15;

/**
 * Writes every number with the same decimals; what is null, NaN, infinite or no number becomes a dash without a unit.
 * Intl objects cost tens of microseconds to make, so they are made once here and not for each number.
 */
export function createNumberFormat(options: NumberFormatOptions, locale: Locale): NumberFormat {
  const write = writerOf(options, locale);
  const unitOf = (dataUnit: string): string => {
    if (OWN_UNIT.has(options.format)) return '';
    return options.unit === '' && options.format !== 'currency' ? dataUnit : options.unit;
  };
  const parts = (value: unknown, dataUnit = ''): NumberParts => {
    if (typeof value === 'string') return joined({ ...NOTHING, digits: value }, unitOf(dataUnit), locale);
    if (typeof value !== 'number' || !Number.isFinite(value)) return { ...NOTHING, digits: NO_NUMBER };
    return joined(write(value), unitOf(dataUnit), locale);
  };
  return {
    parts,
    text: (value, dataUnit) => {
      const { prefix, digits, gap, unit } = parts(value, dataUnit);
      return prefix + digits + gap + unit;
    },
  };
}

const NOTHING: NumberParts = { prefix: '', digits: '', gap: '', unit: '' };

/** A unit stands behind the magnitude, and never instead of it. */
function joined(written: NumberParts, unit: string, locale: Locale): NumberParts {
  if (unit === '') return written;
  if (written.unit !== '') return { ...written, unit: `${written.unit}${locale === 'zh' ? '' : ' '}${unit}` };
  return { ...written, gap: unit === '%' || unit === '°' ? '' : ' ', unit };
}

type Writer = (value: number) => NumberParts;

function writerOf({ format, decimals, currency }: NumberFormatOptions, locale: Locale): Writer {
  const tag = localeTag(locale);
  const fixed = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  const plain = new Intl.NumberFormat(tag, fixed);
  const digits = (value: number): string => {
    return Math.abs(value) < FIRST_HUGE ? plain.format(withoutMinusZero(value, decimals)) : exponentText(value);
  };
  switch (format) {
    case 'number':
      return (value) => ({ ...NOTHING, digits: digits(value) });
    case 'percent':
      return (value) => ({ ...NOTHING, digits: digits(value), unit: '%' });
    case 'bytes':
      return scaled(digits, decimals, 1024, ' ', ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']);
    case 'bytesPerSecond':
      return scaled(digits, decimals, 1000, ' ', ['B/s', 'kB/s', 'MB/s', 'GB/s', 'TB/s']);
    case 'compact':
      return locale === 'zh'
        ? scaled(digits, decimals, 10_000, '', ['', '万', '亿', '万亿'])
        : scaled(digits, decimals, 1000, '', ['', 'K', 'M', 'B', 'T']);
    case 'duration':
      return (value) => ({ ...NOTHING, digits: durationText(value, locale) });
    case 'currency': {
      const symbol = currencySymbol(tag, currency);
      return (value) => ({ ...NOTHING, prefix: value < 0 ? `-${symbol}` : symbol, digits: digits(Math.abs(value)) });
    }
  }
}

/** The unit changes where the *rounded* number would reach the next one: 1023.99 KiB is written 1.0 MiB, never 1,024.0 KiB. */
function scaled(
  digits: (value: number) => string,
  decimals: number,
  base: number,
  gap: '' | ' ',
  units: readonly string[],
): Writer {
  return (value) => {
    let step = 0;
    let rest = value;
    while (step < units.length - 1 && Number(Math.abs(rest).toFixed(decimals)) >= base) {
      rest /= base;
      step++;
    }
    return { prefix: '', digits: digits(rest), gap, unit: units[step] ?? '' };
  };
}

/** `2.5e21`. */
function exponentText(value: number): string {
  return value.toExponential(3).replace(/\.?0*e\+/, 'e');
}

function withoutMinusZero(value: number, decimals: number): number {
  return Math.abs(value) < 0.5 * 10 ** -decimals ? 0 : value;
}

function durationText(seconds: number, locale: Locale): string {
  const whole = Math.floor(Math.abs(seconds));
  const days = Math.floor(whole / 86_400);
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = `${two(Math.floor(whole / 3600) % 24)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  const sign = seconds < 0 ? '-' : '';
  return days === 0 ? sign + clock : `${sign}${days}${locale === 'zh' ? '天 ' : 'd '}${clock}`;
}

function currencySymbol(tag: string, currency: string): string {
  const written = new Intl.NumberFormat(tag, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' });
  return written.formatToParts(0).find((part) => part.type === 'currency')?.value ?? currency;
}
