import type { Size } from '@tidewall/browser-contracts';
import { BarChart, type BarSeriesOption, LineChart, type LineSeriesOption } from 'echarts/charts';
import {
  GridComponent,
  type GridComponentOption,
  TooltipComponent,
  type TooltipComponentOption,
} from 'echarts/components';
import { type ComposeOption, type EChartsType, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

/** Everything that the charts of this house may say to ECharts; what is not here is not in the bundle. */
export type ChartOption = ComposeOption<
  BarSeriesOption | LineSeriesOption | GridComponentOption | TooltipComponentOption
>;

export type SeriesOption = BarSeriesOption | LineSeriesOption;

/** One ECharts canvas that is made when there is room for it, and let go of with everything it holds. */
export interface Chart {
  /**
   * Draws in the next frame. With `whole`, the option replaces all series; without it, it is merged by the ids of its
   * series. Does nothing while there is no room.
   */
  draw(option: ChartOption, whole: boolean): void;
  /** Forgets what was drawn: of an axis of another kind nothing may stay. */
  clear(): void;
  hideTip(): void;
  /** True when the canvas had to be made anew, and has forgotten what was drawn. */
  resize(size: Size): boolean;
  dispose(): void;
}

/** Opens a chart in `host`; no canvas is made before a size with room. */
export function createChart(host: HTMLElement): Chart {
  use([BarChart, LineChart, GridComponent, TooltipComponent, CanvasRenderer]);
  let chart: EChartsType | undefined;
  let ratio = 0;

  function close(): void {
    chart?.dispose();
    chart = undefined;
    // ECharts leaves its mark and styles on the host.
    host.removeAttribute('_echarts_instance_');
    host.style.removeProperty('-webkit-tap-highlight-color');
    host.style.removeProperty('user-select');
  }

  return {
    draw(option, whole) {
      chart?.setOption(option, whole ? { lazyUpdate: true, replaceMerge: ['series'] } : { lazyUpdate: true });
    },
    clear: () => chart?.clear(),
    hideTip: () => chart?.dispatchAction({ type: 'hideTip' }),
    resize({ width, height }) {
      if (width === 0 || height === 0) return false;
      const now = host.ownerDocument.defaultView?.devicePixelRatio ?? 1;
      // A canvas keeps the pixel ratio that it was made with: on another screen, or zoomed, it would blur.
      if (chart !== undefined && now !== ratio) close();
      if (chart !== undefined) {
        chart.resize({ width, height, silent: true });
        return false;
      }
      ratio = now;
      chart = init(host, null, { renderer: 'canvas', width, height, devicePixelRatio: ratio });
      return true;
    },
    dispose: close,
  };
}
