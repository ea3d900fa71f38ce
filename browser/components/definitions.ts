import type { ComponentDefinition } from '@tidewall/browser-contracts';
import type { ContractName } from '@tidewall/screen';
import { definition as cardStat } from './CardStat/definition.ts';
import { definition as chartColumnBasic } from './ChartColumnBasic/definition.ts';
import { definition as chartLineBasic } from './ChartLineBasic/definition.ts';
import { definition as chartTimeStream } from './ChartTimeStream/definition.ts';
import { definition as eventFeed } from './EventFeed/definition.ts';
import { definition as gauge } from './Gauge/definition.ts';
import { definition as tableScroll } from './TableScroll/definition.ts';
import { definition as textTitle } from './TextTitle/definition.ts';
import { definition as timeClock } from './TimeClock/definition.ts';

/** A definition whose props and contract are known only when it runs. */
export type AnyDefinition = ComponentDefinition<unknown, ContractName>;

/** The pure half of every component, by type; it needs no browser. */
export const definitions: ReadonlyMap<string, AnyDefinition> = new Map(
  [
    cardStat,
    chartColumnBasic,
    chartLineBasic,
    chartTimeStream,
    eventFeed,
    gauge,
    tableScroll,
    textTitle,
    timeClock,
  ].map((definition) => [definition.type, definition as AnyDefinition]),
);
