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
  readonly unit: string;
}

/** Writes numbers in one way. */
export interface NumberFormat {
  parts(value: unknown): NumberParts;
  text(value: unknown): string;
}

/** What stands for a number that is not there. */
export const NO_NUMBER = '—';

/** The locale tag that Intl knows. */
export function localeTag(locale: Locale): string {
  return locale === 'zh' ? 'zh-CN' : 'en-US';
}

/**
 * Writes every number with the same decimals; what is null, NaN, infinite or no number becomes a dash without a unit.
 * Intl objects cost tens of microseconds to make, so they are made once here and not for each number.
 */
export function createNumberFormat(options: NumberFormatOptions, locale: Locale): NumberFormat {
  const write = writerOf(options, locale);
  const parts = (value: unknown): NumberParts => {
    if (typeof value === 'string') return { prefix: '', digits: value, unit: options.unit };
    if (typeof value !== 'number' || !Number.isFinite(value)) return { prefix: '', digits: NO_NUMBER, unit: '' };
    const written = write(value);
    return options.unit === '' ? written : { ...written, unit: options.unit };
  };
  return {
    parts,
    text: (value) => {
      const { prefix, digits, unit } = parts(value);
      if (unit === '') return prefix + digits;
      return `${prefix}${digits}${unit === '%' || unit === '°' || /^[万亿]/.test(unit) ? '' : ' '}${unit}`;
    },
  };
}

type Writer = (value: number) => NumberParts;

function writerOf({ format, decimals, currency }: NumberFormatOptions, locale: Locale): Writer {
  const tag = localeTag(locale);
  const fixed = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  const plain = new Intl.NumberFormat(tag, fixed);
  const digits = (value: number): string => plain.format(withoutMinusZero(value, decimals));
  switch (format) {
    case 'number':
      return (value) => ({ prefix: '', digits: digits(value), unit: '' });
    case 'percent':
      return (value) => ({ prefix: '', digits: digits(value), unit: '%' });
    case 'bytes':
      return scaled(digits, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']);
    case 'bytesPerSecond':
      return scaled(digits, 1000, ['B/s', 'kB/s', 'MB/s', 'GB/s', 'TB/s']);
    case 'compact':
      return locale === 'zh'
        ? scaled(digits, 10_000, ['', '万', '亿', '万亿'])
        : scaled(digits, 1000, ['', 'K', 'M', 'B', 'T']);
    case 'duration':
      return (value) => ({ prefix: '', digits: durationText(value, locale), unit: '' });
    case 'currency': {
      const symbol = currencySymbol(tag, currency);
      return (value) => ({ prefix: value < 0 ? `-${symbol}` : symbol, digits: digits(Math.abs(value)), unit: '' });
    }
  }
}

/** The unit changes where the *rounded* number would reach the next one: 1023.99 KiB is written 1.0 MiB, never 1,024.0 KiB. */
function scaled(digits: (value: number) => string, base: number, units: readonly string[]): Writer {
  return (value) => {
    let step = 0;
    let rest = value;
    while (Math.abs(rest) >= base - 0.05 && step < units.length - 1) {
      rest /= base;
      step++;
    }
    return { prefix: '', digits: digits(rest), unit: units[step] ?? '' };
  };
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
